#include "dispatcher/manifest.h"

#include <utility>

#include <fmt/format.h>

namespace heirloom::dispatcher {

std::string to_string(const Manifest& manifest) {
  return fmt::format("{} (component {})", manifest.key.to_string(), manifest.component);
}

Manifest without_namespace(Manifest manifest) {
  const JsonEdit drop = remove_at({"metadata", "namespace"});
  manifest.declared = rewrite(manifest.declared, {drop});
  manifest.desired = rewrite(manifest.desired, {drop});
  manifest.key.ns.clear();
  return manifest;
}

std::string not_served_sentence(const Manifest& manifest) {
  return fmt::format("kind {} of {} is not served any more; install its CustomResourceDefinition again", manifest.gvk.kind,
                     manifest.gvk.api_version());
}

}  // namespace heirloom::dispatcher
