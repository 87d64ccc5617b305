// Findings: what one pass has learned about an application. Values; status and Events are computed from them alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/application.h"
#include "base/status.h"
#include "core/health.h"
#include "dispatcher/manifest.h"
#include "dispatcher/outcome.h"

namespace heirloom::core {

// One declared object: what became of it, and how it is.
struct ObjectFinding {
  dispatcher::ObjectOutcome outcome;
  GroupVersionKind gvk;
  std::string component;
  bool main = false;  // of its component
  Health health;
};

struct Findings {
  // The first stage that failed, by the condition it belongs to; everything after it was not reached.
  std::string failed_stage;  // condition_types; "" = none
  Status failure;
  std::vector<std::string> dropped;   // metadata that manifests may not set
  std::vector<std::string> warnings;  // of the policies
  std::optional<LatestRevision> revision;
  std::vector<Conflict> duplicates;
  std::vector<ObjectFinding> objects;
  bool dispatched = false;     // every object of this version settled: the version is in force
  bool begun = false;          // this version was recorded: it is being applied, or was
  bool keeps_previous = false; // a conflict stands in the way of this version; the one before stays in force
  std::vector<dispatcher::LeaveOutcome> leaving;  // objects no longer declared, while not all are gone
  bool deleting = false;
};

}  // namespace heirloom::core
