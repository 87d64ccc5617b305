// Definitions: the CustomResourceDefinitions of the cluster, as far as claims need them: which claim kinds there are,
// whether they are served, who made them. One watch; a definition itself is not kept.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apis/resource_names.h"
#include "base/json.h"
#include "dispatcher/environment.h"
#include "kube/cache.h"
#include "kube/reflector.h"

namespace heirloom::core {

struct KnownDefinition {
  std::string name;  // "<plural>.<group>": SharerKey::kind of its objects
  std::string uid;
  std::string group;
  std::string kind;
  std::string plural;
  std::vector<std::string> versions;  // served; the stored one first
  bool namespaced = false;
  bool established = false;
  bool deleting = false;
  std::string claim_class;            // label heirloom.dev/claim-class: who keeps it
  std::string promise;                // label heirloom.dev/promise: for which one we installed it
  bool of_kratix = false;             // Kratix' controller installed it
  bool serves(const std::string& version) const;
  bool usable() const { return established && !deleting; }
  GroupVersionResource resource() const { return {group, versions.empty() ? std::string() : versions.front(), plural}; }
  bool operator==(const KnownDefinition&) const = default;
};
KnownDefinition known_definition(JsonView definition);

class Definitions {
 public:
  // `changed`: of a definition that came, went, or reads differently. The environment outlives this.
  using Changed = std::function<void(const std::string& name)>;
  Definitions(const dispatcher::Environment* environment, Changed changed);

  Task<void> run() { return reflector_.run(); }
  // False when the time came first.
  Task<bool> wait_synced_until(Clock* clock, MonotonicTime deadline) { return cache_.wait_synced_until(clock, deadline); }
  Status problem() const { return reflector_.status().error; }

  const KnownDefinition* find(const std::string& name) const;  // valid until the next co_await
  // Kratix has installed it, and reconciles its objects.
  bool is_of_kratix(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  struct Kept {
    KnownDefinition definition;
    std::size_t memory_bytes() const;
  };
  kube::ObjectCache<Kept> cache_;
  kube::Reflector reflector_;
};

}  // namespace heirloom::core
