// Dispatcher: a version of an application onto the cluster, in two steps: check looks at every object and writes
// nothing; carry_out applies stage by stage. Between them the caller records the version in a tracker. The same two
// steps keep a version in force (StateKeep), where they cost no request when nothing has changed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dispatcher/environment.h"
#include "dispatcher/kind_watches.h"
#include "dispatcher/object_table.h"
#include "dispatcher/object_worker.h"
#include "dispatcher/outcome.h"
#include "dispatcher/sharers.h"
#include "dispatcher/version.h"

namespace heirloom::dispatcher {


// A checked version: inspections by manifest index.
struct Check {
  std::shared_ptr<const Version> version;
  std::vector<std::vector<std::size_t>> stages;
  std::vector<std::optional<kube::ResourceInfo>> resources;  // none: the kind is deferred
  std::vector<Inspection> inspections;                       // of resolved kinds that were looked at
  std::vector<ObjectOutcome> outcomes;                       // one per manifest
  bool in_order = false;     // everything settled: nothing to write
  bool in_conflict = false;  // something stands in the way: before the first write, nothing may be written
};

struct CarryOutOptions {
  // The version was in force before: a conflict about one object must not stop the upkeep of the others.
  bool keep_going = false;
  // Whether a component's objects are healthy, for dependsOn. By value: the outcomes of its objects.
  std::function<bool(const Manifest& manifest, const ObjectOutcome& outcome)> healthy;
};

struct Report {
  std::vector<ObjectOutcome> outcomes;  // one per manifest; untouched stages stay Pending
  bool complete = false;                // every object settled
  int writes = 0;
};

class Dispatcher {
 public:
  Dispatcher(const Environment* environment, ObjectTable* table, Sharers* sharers, KindWatches* watches);

  // Looks up the manifests' kinds: cluster-scoped ones lose their namespace. Error: discovery failed, or kinds that
  // nobody serves, neither the version brings nor `known` lists, naming them.
  // `known`: kinds that were served once; what they are waited for must not keep the other objects from being kept.
  Task<Result<std::vector<Manifest>>> resolve(std::vector<Manifest> manifests, std::set<GroupKind> known = {});

  Task<Check> check(std::shared_ptr<const Version> version, std::shared_ptr<Memory> memory);
  Task<Report> carry_out(Check check, std::shared_ptr<Memory> memory, CarryOutOptions options);

  // Lets go of objects, what lives in namespaces first. Namespaces, definitions and claims stay until the rest is gone.
  struct Dropped {
    TrackedObject object;
    policies::LeavePolicy policy;
  };
  Task<std::vector<LeaveOutcome>> leave_all(SharerKey me, std::string uid, kube::Impersonation identity,
                                            std::vector<Dropped> objects);

 private:
  Task<Inspection> inspect_one(Assignment assignment);
  Task<LeaveOutcome> leave_one(SharerKey me, std::string uid, kube::Impersonation identity, Dropped dropped);
  Assignment assignment(const Check& check, std::size_t index, const Memory& memory) const;
  Task<Status> ensure_watches(std::vector<kube::ResourceInfo> resources);
  Task<bool> arrive(std::shared_ptr<Check> check, std::size_t index);

  const Environment* environment_;
  ObjectTable* table_;
  Sharers* sharers_;
  KindWatches* watches_;
  ObjectWorker worker_;
};

}  // namespace heirloom::dispatcher
