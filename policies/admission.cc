#include "policies/admission.h"

#include "apis/labels.h"
#include "base/clock.h"

namespace heirloom::policies {

namespace {

constexpr int kShortestIntervalSeconds = 10;

}  // namespace

Admission admit(const Application& application, std::string_view controller_version) {
  if (application.metadata.label(labels::kPause) == "true") return Admission::Paused;
  const auto& annotations_map = application.metadata.annotations;
  const auto required = annotations_map.find(annotations::kControllerVersionRequire);
  if (required != annotations_map.end() && required->second != controller_version)
    return Admission::OtherVersion;
  return Admission::Reconcile;
}

int reconcile_interval_seconds(const Application& application) {
  const Result<Duration> interval =
      parse_duration(application.metadata.annotation(annotations::kReconcileInterval));
  if (!interval.ok()) return 0;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*interval).count();
  // A week bounds what people can write; the resync is a safety net.
  constexpr std::int64_t kLongest = 7 * 24 * 3600;
  if (seconds < kShortestIntervalSeconds) return 0;
  return static_cast<int>(seconds < kLongest ? seconds : kLongest);
}

}  // namespace heirloom::policies
