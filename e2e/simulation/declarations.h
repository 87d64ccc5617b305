// Declarations: what the stored Applications and claims declare, read from their JSON alone. The checker's own
// reading: it shares no code with what it checks, and understands only what the simulation's sharers use
// (k8s-objects; shared-resource, take-over, read-only; NamespaceClaim and the class of boxes).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace heirloom::simulation {

struct Declared {
  Json manifest;
  bool shared = false;            // a shared-resource policy selects it
  bool takes_over = false;        // a take-over policy does
  bool read_only = false;         // a read-only policy does
  std::int64_t since = 0;         // generation since which the application has declared it without a break
  std::int64_t shared_since = 0;  // and shared it
};

// One life of an application, a claim or a claim class: from its creation until it is gone from the store.
struct Life {
  std::string uid;
  std::int64_t generation = 0;
  bool deleting = false;
  Json object;
  std::map<std::string, Declared> declares;       // by the object's key in the store; of the newest spec
  std::map<std::string, std::vector<Json>> ever;  // every manifest of this life
  std::map<std::int64_t, Json> versions;          // of a claim: its every spec, by generation
  std::set<std::string> ever_taken_over;          // keys that some version of this life took over
  // As a sharer, not only to look at it.
  bool lives_and_declares(const std::string& key) const {
    const auto at = declares.find(key);
    return !deleting && at != declares.end() && !at->second.read_only;
  }
};

// Kinds that the simulation's applications use. "" for others.
std::string key_in_store(JsonView manifest, std::string_view default_namespace);
bool is_managed_kind(std::string_view key);
// The key of the CRD that an object's kind is served by; "" when the server has it built in.
std::string definition_of(std::string_view key);

// A sharer by its key in the store, as ledgers have it: "default/app1",
// "boxclaims.sim.example.com:default/claim1", "claimclasses.heirloom.dev:/boxes". "" for everything else.
std::string sharer_in_store(std::string_view key);
// What the owner labels say.
std::string sharer_of_labels(std::string_view ns, std::string_view name);
bool is_application(std::string_view sharer);
bool is_claim(std::string_view sharer);  // not a class
// The finalizer that Heirloom puts on a sharer.
std::string_view finalizer_of(std::string_view sharer);

// Takes over what is stored now.
void update(Life& life, const Json& application);
// `boxes`: the class of boxes as stored, null when there is none.
void update_claim(Life& life, const Json& claim, const Json& boxes);
// What the claim has ever stood for in this life, in whichever versions of itself and of the class a controller knows:
// claims and classes are watched apart, so an edit of the class may be seen before an earlier one of the claim.
std::map<std::string, std::vector<Json>> ever_meant(const Life& claim, const std::vector<Json>& boxes);
// What a claim leaves open: where the content is one of several, it is not in its manifest.
inline constexpr std::string_view kBoxSize = "size";

inline constexpr std::string_view kTrackers = "/core.oam.dev/resourcetrackers/";
inline constexpr std::string_view kBoxes = "claimclasses.heirloom.dev:/boxes";  // the class, as a sharer
bool is_box_claim(const std::string& sharer);
bool is_deleting(const Json& object);
// What people put into an object: no metadata but their labels, no status.
Json content_of(const Json& object);
// Whether everything that the manifest declares is so in the object.
bool says(const Json& object, const Json& manifest);
// Members "only-..." of live that declared lacks: what only the application named in them declares.
std::vector<std::string> leftovers(JsonView declared, JsonView live);
std::string list_of(const std::vector<std::string>& entries);  // for messages

}  // namespace heirloom::simulation
