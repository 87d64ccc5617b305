// TrackerBook: writes an application's ResourceTrackers. What may have been created is recorded before it is created,
// and forgotten only when it has been let go of.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apis/resource_tracker.h"
#include "dispatcher/environment.h"
#include "dispatcher/sharers.h"
#include "dispatcher/version.h"

namespace heirloom::dispatcher {

class TrackerBook {
 public:
  TrackerBook(const Environment* environment, Sharers* sharers) : environment_(environment), sharers_(sharers) {}

  // True when the version's trackers list all its objects already.
  bool is_recorded(const Version& version) const;
  // Records every object of the version: those to be collected with the application alone (strategies onAppDelete and
  // never) in its root tracker, all others in the tracker of this generation. Refused before any write when a tracker
  // would not fit.
  Task<Status> record(std::shared_ptr<const Version> version, std::string revision);

  // Uncached: every tracker that names the application, whoever's life it is from.
  Task<Result<std::vector<ResourceTracker>>> read_all(SharerKey application);

  // Takes the finalizer off and deletes it.
  Task<Status> remove(KnownTracker tracker);

 private:
  Task<Status> write(ResourceTracker tracker, SharerKey application, std::string uid);
  Task<Result<std::string>> definition_of(SharerKey application, std::string uid);
  Task<Status> extend(std::string name, std::vector<ManagedResource> resources);

  const Environment* environment_;
  Sharers* sharers_;
  // UID of the definition of Applications, read while `witness_` lived: none of them outlives its definition.
  std::string definition_;
  SharerKey witness_;
  std::string witness_uid_;
};

}  // namespace heirloom::dispatcher
