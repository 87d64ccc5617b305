#include "kube/lease_rules.h"

#include <algorithm>

namespace heirloom::kube::lease {
namespace {

// Rounded up: what the others wait for is never shorter than what the leader counts on.
std::int64_t whole_seconds(Duration duration) {
  return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

Seen observe(Seen before, std::optional<Json> live, MonotonicTime now) {
  if (!live.has_value()) {
    before.object.reset();
    before.resource_version.clear();
    return before;
  }
  Seen seen;
  seen.since = now;
  const JsonView spec = (*live)["spec"];
  seen.holder = std::string(spec["holderIdentity"].string());
  seen.duration =
      std::chrono::seconds(std::clamp<std::int64_t>(spec["leaseDurationSeconds"].int64(), 0, 86400));
  seen.resource_version = std::string((*live)["metadata"]["resourceVersion"].string());
  // Any change is a sign of life.
  if (before.object.has_value() && before.resource_version == seen.resource_version)
    seen.since = before.since;
  seen.object = std::move(live);
  return seen;
}

Move decide(const Seen& seen, const LeaseOptions& options, MonotonicTime now) {
  if (seen.holder.empty()) return Move::Acquire;
  if (seen.holder == options.identity) return Move::Renew;
  return now - seen.since >= seen.duration ? Move::Acquire : Move::Wait;
}

Json body(const std::optional<Json>& live, const LeaseOptions& options, bool renewal, WallTime now) {
  const std::string time = format_micro_time(now);
  if (!live.has_value()) {
    const Json metadata = Json::object({{"name", options.name}, {"namespace", options.ns}});
    const Json spec = Json::object({{"holderIdentity", options.identity},
                                    {"leaseDurationSeconds", whole_seconds(options.duration)},
                                    {"acquireTime", time},
                                    {"renewTime", time},
                                    {"leaseTransitions", 0}});
    return Json::object({{"apiVersion", "coordination.k8s.io/v1"},
                         {"kind", "Lease"},
                         {"metadata", metadata},
                         {"spec", spec}});
  }
  const std::int64_t transitions = (*live)["spec"]["leaseTransitions"].int64();
  std::vector<JsonEdit> edits;
  edits.push_back(set_at({"spec", "holderIdentity"}, Json::string(options.identity)));
  edits.push_back(set_at({"spec", "leaseDurationSeconds"}, Json::int64(whole_seconds(options.duration))));
  edits.push_back(set_at({"spec", "renewTime"}, Json::string(time)));
  if (!renewal) {
    edits.push_back(set_at({"spec", "acquireTime"}, Json::string(time)));
    edits.push_back(set_at({"spec", "leaseTransitions"}, Json::int64(transitions + 1)));
  }
  return rewrite(*live, edits);
}

Json released(const Json& live, WallTime now) {
  std::vector<JsonEdit> edits;
  edits.push_back(set_at({"spec", "holderIdentity"}, Json::string("")));
  edits.push_back(set_at({"spec", "leaseDurationSeconds"}, Json::int64(1)));
  edits.push_back(set_at({"spec", "renewTime"}, Json::string(format_micro_time(now))));
  return rewrite(live, edits);
}

}  // namespace heirloom::kube::lease
