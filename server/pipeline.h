// The one pipeline that every write passes, whatever its verb:
//   decode -> convert -> default -> prune -> mutate hook -> validate -> validate hook -> field ownership ->
//   generation -> compare-and-swap (handlers/).
// Pure, if the mutate hook is: bodies and stored objects in, the object to store out. Steps without content yet (validate
// hooks, field ownership) have their place marked in pipeline.cc.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "server/parts.h"

namespace heirloom::server {

// What a create needs from outside.
struct CreateFacts {
  std::string uid;
  std::string time;         // RFC 3339
  std::string name_suffix;  // for generateName
};

// The object to store, in the storage version. Error: BadRequest (what is sent is no such object), Invalid
// (422).
Result<Json> prepare_create(const Call& call, const Json& body, const CreateFacts& facts);

// What an update comes to.
struct Proposal {
  enum class Outcome {
    Unchanged,  // nothing to store
    Store,
    Remove,  // the last finalizer of an object marked for deletion went: it is to be removed
  };
  Outcome outcome = Outcome::Store;
  Json object;  // as to be stored, or as it was
};

// `body` is what the client sent (PUT) or what its patch made of the stored object. `patched` says which: a
// patch whose uid differs is invalid rather than a failed precondition. Errors as above, and Conflict for a
// resourceVersion or uid that is not the stored one's.
Result<Proposal> prepare_update(const Call& call, const Json& body, const Json& stored, bool patched);

// Whether an object that is marked for deletion has nothing left to wait for.
bool may_be_removed(const Resource& resource, JsonView object);

// 413 naming the object when it is larger than kMaxObjectBytes.
Status check_object_size(const Resource& resource, std::string_view name, const Json& object);

// As etcd's default request limit, which bounds objects in a real cluster.
inline constexpr std::size_t kMaxObjectBytes = 3 * 512 * 1024;  // 1.5 MiB

}  // namespace heirloom::server
