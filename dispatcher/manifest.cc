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

}  // namespace heirloom::dispatcher
