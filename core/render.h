// Rendering: an application's components become manifests, dressed as KubeVela dresses them. Pure.
// Source: KubeVela behaviour, "Component types, labels, namespaces" (labels and annotations on applied objects).
#pragma once

#include <string>
#include <vector>

#include "apis/application.h"
#include "base/result.h"
#include "dispatcher/manifest.h"

namespace heirloom::core {

struct Rendering {
  std::vector<dispatcher::Manifest> manifests;  // in the order of the components
  // What was dropped because a manifest may not set it (owner labels, ledger, record): said in a condition.
  std::vector<std::string> dropped;
};

// Error: Invalid with one cause per fault of the first component that has any.
Result<Rendering> render(const Application& application, const std::string& revision, const std::string& revision_hash);

}  // namespace heirloom::core
