// Version: one application as it stood at one generation, with everything that decides what is written for it.
// Immutable while a pass works on it; shared by the coroutines of that pass.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "dispatcher/fight.h"
#include "dispatcher/manifest.h"
#include "kube/api.h"
#include "policies/policy_set.h"

namespace heirloom::dispatcher {

struct Version {
  SharerKey me;
  std::string uid;
  std::int64_t generation = 0;
  policies::PolicySet policies;
  kube::Impersonation identity;            // of requests on the application's objects
  std::vector<Manifest> manifests;
  std::set<ObjectKey> tracked;             // declared by the version before this one, too
  std::map<ObjectKey, Json> previous;      // my manifests of the version before, where known
  std::set<ObjectKey> awaited;             // of a version that a conflict keeps back: what happens to them wakes me, too
};

// A permanent refusal (422) by the API server, told until the manifest or the object changes.
struct Refusal {
  std::string object_uid;  // "" = it did not exist
  std::string message;
  std::vector<std::string> fields;
};

// What a process remembers of one object of one application between passes. Losing it costs requests, never truth.
struct ObjectMemory {
  std::uint64_t desired_hash = 0;
  std::uint64_t normalisation = 0;  // ObjectWrite::normalisation that our own write left behind
  std::shared_ptr<const Refusal> refusal;  // null: none; tried once per manifest and object
  Fight fight;
  // What the last verified look said, for passes that find it unchanged.
  bool verified = false;
  std::vector<std::string> divergence;
  bool owned = false;
  bool shares_without_policy = false;
  bool healthy = false;
  std::string health_message;
};
using Memory = std::map<ObjectKey, ObjectMemory>;

}  // namespace heirloom::dispatcher
