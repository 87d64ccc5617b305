#include "base/status.h"

namespace heirloom {

bool Status::has_cause(std::string_view reason) const {
  if (ok()) return false;
  for (const StatusCause& cause : details_.causes)
    if (cause.reason == reason) return true;
  return false;
}

bool is_outcome_unknown(const Status& s) {
  if (s.ok()) return false;
  return s.code() >= 500 && !s.has_reason(reasons::kServerTimeout);
}

Status ignore_not_found(Status s) { return is_not_found(s) ? Status() : s; }

Status bad_request(std::string message) { return {400, reasons::kBadRequest, std::move(message)}; }
Status internal_error(std::string message) { return {500, reasons::kInternalError, std::move(message)}; }
Status unreachable(std::string message) { return {503, reasons::kUnreachable, std::move(message)}; }
Status timed_out(std::string message) { return {504, reasons::kTimeout, std::move(message)}; }
Status too_large(std::string message) { return {413, reasons::kRequestEntityTooLarge, std::move(message)}; }

Status invalid(std::string message, std::string field) {
  StatusDetails details;
  details.causes.push_back({std::string(reasons::kFieldValueInvalid), message, std::move(field)});
  return {422, reasons::kInvalid, std::move(message), std::move(details)};
}

Status annotate(Status s, std::string_view context) {
  if (s.ok()) return s;
  return {s.code(), s.reason(), fmt::format("{}: {}", context, s.message()), s.details()};
}

}  // namespace heirloom
