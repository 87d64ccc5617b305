// The only way things fail. A Status speaks Kubernetes (meta/v1 Status: code, reason, message, details), so the same
// value is what the store returns, what the server serializes and what the client decodes.
// Source of reasons and codes: Kubernetes API conventions, "Response Status Kind".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace heirloom {

namespace reasons {
inline constexpr std::string_view kBadRequest = "BadRequest";
inline constexpr std::string_view kUnauthorized = "Unauthorized";
inline constexpr std::string_view kForbidden = "Forbidden";
inline constexpr std::string_view kNotFound = "NotFound";
inline constexpr std::string_view kAlreadyExists = "AlreadyExists";
inline constexpr std::string_view kConflict = "Conflict";
inline constexpr std::string_view kGone = "Gone";
inline constexpr std::string_view kExpired = "Expired";  // 410: a resourceVersion or continue token that is too old
inline constexpr std::string_view kInvalid = "Invalid";
inline constexpr std::string_view kTimeout = "Timeout";              // 504: the outcome of a write is unknown
inline constexpr std::string_view kServerTimeout = "ServerTimeout";  // 500 with retryAfterSeconds
inline constexpr std::string_view kTooManyRequests = "TooManyRequests";
inline constexpr std::string_view kMethodNotAllowed = "MethodNotAllowed";
inline constexpr std::string_view kNotAcceptable = "NotAcceptable";
inline constexpr std::string_view kRequestEntityTooLarge = "RequestEntityTooLarge";
inline constexpr std::string_view kUnsupportedMediaType = "UnsupportedMediaType";
inline constexpr std::string_view kInternalError = "InternalError";
inline constexpr std::string_view kServiceUnavailable = "ServiceUnavailable";
// Causes.
inline constexpr std::string_view kFieldValueRequired = "FieldValueRequired";
inline constexpr std::string_view kFieldValueInvalid = "FieldValueInvalid";
inline constexpr std::string_view kFieldValueNotSupported = "FieldValueNotSupported";
inline constexpr std::string_view kFieldValueDuplicate = "FieldValueDuplicate";
inline constexpr std::string_view kFieldValueForbidden = "FieldValueForbidden";
inline constexpr std::string_view kNamespaceTerminating = "NamespaceTerminating";
// Ours alone, never sent by a server: the request may or may not have reached it (connection refused, reset, TLS).
inline constexpr std::string_view kUnreachable = "Unreachable";
}  // namespace reasons

struct StatusCause {
  std::string reason;   // e.g. FieldValueInvalid
  std::string message;
  std::string field;    // e.g. spec.components[0].name
  bool operator==(const StatusCause&) const = default;
};

struct StatusDetails {
  std::string name;
  std::string group;
  std::string kind;  // a resource (plural) or a kind, as Kubernetes does
  std::string uid;
  std::vector<StatusCause> causes;
  int retry_after_seconds = 0;
  bool operator==(const StatusDetails&) const = default;
};

class [[nodiscard]] Status {
 public:
  Status() = default;  // success
  Status(int code, std::string_view reason, std::string message, StatusDetails details = {})
      : code_(code), reason_(reason), message_(std::move(message)), details_(std::move(details)) {}

  bool ok() const { return code_ < 400; }
  int code() const { return code_; }  // the HTTP status
  const std::string& reason() const { return reason_; }
  const std::string& message() const { return message_; }
  const StatusDetails& details() const { return details_; }
  StatusDetails& mutable_details() { return details_; }

  bool has_reason(std::string_view reason) const { return !ok() && reason_ == reason; }
  bool has_cause(std::string_view reason) const;

  bool operator==(const Status&) const = default;

 private:
  int code_ = 200;
  std::string reason_;
  std::string message_;
  StatusDetails details_;
};

inline bool is_not_found(const Status& s) { return s.has_reason(reasons::kNotFound); }
inline bool is_already_exists(const Status& s) { return s.has_reason(reasons::kAlreadyExists); }
inline bool is_conflict(const Status& s) { return s.has_reason(reasons::kConflict); }
inline bool is_invalid(const Status& s) { return s.has_reason(reasons::kInvalid); }
inline bool is_forbidden(const Status& s) { return s.has_reason(reasons::kForbidden); }
// 410: what was asked for (a resourceVersion, a continue token) is no longer kept: list again.
inline bool is_expired(const Status& s) { return !s.ok() && s.code() == 410; }
inline bool is_namespace_terminating(const Status& s) { return s.has_cause(reasons::kNamespaceTerminating); }
// True when a mutating request that ended like this may have taken effect, so only a read can tell.
bool is_outcome_unknown(const Status& s);

// NotFound becomes success: for deletes, and for reads that may miss.
Status ignore_not_found(Status s);

Status bad_request(std::string message);                   // 400
Status internal_error(std::string message);                // 500
Status unreachable(std::string message);                   // 503, reason Unreachable
Status timed_out(std::string message);                     // 504, reason Timeout
Status too_large(std::string message);                     // 413
// An error in what a person wrote, naming the field. 422, reason Invalid, one cause.
Status invalid(std::string message, std::string field = {});

// The same error with the context in front of its message: "render component web: <message>".
Status annotate(Status s, std::string_view context);

}  // namespace heirloom

template <>
struct fmt::formatter<heirloom::Status> : fmt::formatter<std::string_view> {
  auto format(const heirloom::Status& s, fmt::format_context& ctx) const {
    return s.ok() ? fmt::format_to(ctx.out(), "ok")
                  : fmt::format_to(ctx.out(), "{} ({}): {}", s.reason(), s.code(), s.message());
  }
};
