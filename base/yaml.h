// YAML at the edges: in with Kubernetes' typing rules (YAML 1.1 as sigs.k8s.io/yaml resolves it), out for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace heirloom {

// Every document of a stream; empty (null) documents are skipped. Limits: depth 400, 4 million expanded nodes, so
// that aliases cannot explode. Error: BadRequest with line, column and reason.
Result<std::vector<Json>> parse_yaml_documents(std::string_view text);
// Exactly one document.
Result<Json> parse_yaml(std::string_view text);
// Block style. parse_yaml(write_yaml(v)) == v for every v.
std::string write_yaml(JsonView value);

}  // namespace heirloom
