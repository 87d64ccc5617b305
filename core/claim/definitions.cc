#include "core/claim/definitions.h"

#include <algorithm>
#include <utility>

#include "apis/labels.h"
#include "dispatcher/sharers.h"

namespace heirloom::core {
namespace {

// Definitions are large, and only a page of them is held at a time.
constexpr int kPageSize = 50;

kube::ReflectorOptions watch_options() {
  kube::ReflectorOptions options;
  options.collection = kube::Collection{dispatcher::kDefinitions, ""};
  options.page_size = kPageSize;
  return options;
}

}  // namespace

bool KnownDefinition::serves(const std::string& version) const {
  return std::find(versions.begin(), versions.end(), version) != versions.end();
}

KnownDefinition known_definition(JsonView object) {
  KnownDefinition known;
  const JsonView metadata = object["metadata"];
  const JsonView spec = object["spec"];
  known.name = metadata["name"].string();
  known.uid = metadata["uid"].string();
  known.deleting = metadata.contains("deletionTimestamp");
  known.claim_class = metadata["labels"][labels::kClaimClass].string();
  known.promise = metadata["labels"][labels::kPromise].string();
  known.of_kratix = metadata["labels"].contains(labels::kKratixPromise);
  known.group = spec["group"].string();
  known.kind = spec["names"]["kind"].string();
  known.plural = spec["names"]["plural"].string();
  known.namespaced = spec["scope"].string() == "Namespaced";
  for (const JsonView version : spec["versions"].elements()) {
    if (!version["served"].boolean()) continue;
    const auto place = version["storage"].boolean() ? known.versions.begin() : known.versions.end();
    known.versions.insert(place, std::string(version["name"].string()));
  }
  for (const JsonView condition : object["status"]["conditions"].elements())
    if (condition["type"].string() == "Established") known.established = condition["status"].string() == "True";
  return known;
}

std::size_t Definitions::Kept::memory_bytes() const {
  return definition.name.capacity() + definition.uid.capacity() + definition.group.capacity() +
         definition.kind.capacity() + definition.plural.capacity() + definition.claim_class.capacity() + definition.promise.capacity();
}

Definitions::Definitions(const dispatcher::Environment* environment, Changed changed)
    : cache_(environment->executor, [](JsonView object) { return Kept{known_definition(object)}; }),
      reflector_(environment->api, environment->clock, environment->random, environment->metrics, watch_options(),
                 &cache_) {
  cache_.on_change([changed = std::move(changed)](const kube::ObjectCache<Kept>::Change& change) {
    const bool same = change.before != nullptr && change.after != nullptr &&
                      change.before->kept.definition == change.after->kept.definition;
    if (!same) changed(change.key.name);
  });
}

const KnownDefinition* Definitions::find(const std::string& name) const {
  const auto* entry = cache_.find({"", name});
  return entry == nullptr ? nullptr : &entry->kept.definition;
}

bool Definitions::is_of_kratix(const std::string& name) const {
  const KnownDefinition* definition = find(name);
  return definition != nullptr && definition->of_kratix;
}

std::vector<std::string> Definitions::names() const {
  std::vector<std::string> names;
  cache_.for_each([&names](const NamespacedName& key, const auto&) { names.push_back(key.name); });
  return names;
}

}  // namespace heirloom::core
