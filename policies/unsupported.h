// Fail closed: what KubeVela has, changes what is written, deleted or under whose identity, and this program
// does not do. Ignoring one destroys data or raises rights, so the application is stopped, deletion included.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/application.h"
#include "base/status.h"

namespace heirloom::policies {

struct Unsupported {
  std::string field;    // "spec.policies[1]", "metadata.annotations[\"app.oam.dev/publishVersion\"]"
  std::string what;     // "policy type apply-once"
  std::string message;  // what it would do, and what to do about it
  bool operator==(const Unsupported&) const = default;
};

// Component types are not judged here (the renderer knows them); traits, scopes, inputs and outputs, workflow
// steps, policies, labels, annotations and finalizers are. Empty: go on. In the order of the table in
// unsupported.cc.
std::vector<Unsupported> find_unsupported(const Application& application);

// One Status that names them all (Invalid, one cause each); ok when empty.
Status unsupported_status(const std::vector<Unsupported>& unsupported);

}  // namespace heirloom::policies
