// The one three-way merge: what was declared before, what is desired now, what is there. It is the drift test
// (merged == live: nothing to do) and, with merge_diff(live, merged), the patch.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "schema/field_set.h"
#include "schema/schema.h"

namespace heirloom::schema {

// A manifest as it can be compared and recorded: without status, nulls, and metadata that the server sets
// (uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds,
// selfLink, managedFields); a Secret's stringData is folded into data.
Json normalized_manifest(JsonView manifest);

// The object as it should be. Rules:
// - fields of `previous` that are not desired any more go: members of free maps and of metadata one by one,
// other
//   sub-objects as a whole, keyed list elements as a whole; a map that becomes empty goes too;
// - desired fields win; where they mean the same as live (same_meaning) live's form is kept;
// - everything else of live stays, in live's order; what is new comes last;
// - lists with merge keys merge by key, sets by value, all other lists are atomic;
// - retainKeys places (volumes, Deployment strategy): when a desired field changes there, what is not desired
// goes;
// - apiVersion, kind, name and namespace are live's; status is live's.
// - where desired elements of a keyed list stand in another order than live's, desired's order wins; elements
// that only
//   live has keep their places.
// schema: that of a custom resource, or null when it is not known: then all lists outside metadata are
// atomic. Built-in kinds go by merge_knowledge, whatever is given.
Json merge(const FieldSet& previous, JsonView desired, JsonView live, const Schema* schema);
// The same with the whole previous manifest.
Json merge(JsonView previous_manifest, JsonView desired, JsonView live, const Schema* schema);

// Where live does not have what desired says, as readable paths without values:
// spec.template.spec.containers[name=web].image, metadata.labels["a.b/c"]. At most limit, in desired's order.
std::vector<std::string> differences(JsonView desired, JsonView live, const Schema* schema,
                                     std::size_t limit = 50);

// Equal but for form: quantities, int-or-string, times and base64 where node says so, 1 and 1.0, null and
// absent members, a default and absent, and empty and absent where the kind does not tell them apart. node
// may be null.
bool same_meaning(JsonView a, JsonView b, const Node* node);

}  // namespace heirloom::schema
