// What a Namespace holds, or which instances a CustomResourceDefinition has: what the last sharer looks at before
// it takes such an object, and everything in it, away. Pure; dispatcher/look_inside.h does the reading.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"

namespace heirloom::policies {

bool is_namespace(const ObjectKey& key);
bool is_definition(const ObjectKey& key);  // a CustomResourceDefinition

// Never deleted, whoever declares it: `default`, `kube-*`, and the names of `more`, which may end in an asterisk
// ("openshift-*").
bool is_protected_namespace(std::string_view name, const std::vector<std::string>& more);

// One object inside.
struct Inside {
  // Somebody it goes away with: an owner reference, or what Kubernetes says in other ways (the Service of an
  // Endpoints object, the ServiceAccount of a token Secret). By uid, or by name where no uid is known.
  struct Owner {
    GroupKind kind;
    std::string uid;
    std::string name;
    bool operator==(const Owner&) const = default;
  };
  ObjectKey key;
  std::string uid;
  std::vector<Owner> owners;
  bool ours = false;        // the leaver has joined it, and nobody else
  bool kubernetes = false;  // Kubernetes puts it into every Namespace by itself
  bool going = false;       // being deleted already
};

struct Contents {
  std::vector<Inside> objects;
  std::set<GroupKind> kinds;  // those read; an owner of such a kind that is not among the objects is gone
  bool complete = true;       // false: more than is looked at
};

// `object`: its metadata are enough.
Inside read_inside(JsonView object, const ObjectKey& key, const SharerKey& leaver);

// The objects that would be lost: not the leaver's, not Kubernetes' own, not going anyway, and not belonging, by
// owner references, to such a one alone. In the order of `contents`.
std::vector<ObjectKey> strangers(const Contents& contents);

}  // namespace heirloom::policies
