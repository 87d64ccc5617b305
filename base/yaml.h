// YAML at the edges: in with Kubernetes' typing rules (YAML 1.1 as sigs.k8s.io/yaml resolves it), out for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace heirloom {

// Every document of a stream; empty (null) documents are skipped. As in kubectl, text that begins with { and is JSON is
// read as JSON. Limits: depth 400, and 4 million values and 64 MiB of strings after aliases were expanded, so that they
// cannot explode; the caller bounds the text. Repeated keys: the last one wins. Merge keys (<<) are resolved; a map's own
// keys win. Numbers go through Go's JSON text as in sigs.k8s.io/yaml, so 1.0 becomes the integer 1.
// Error: BadRequest with line, column and reason.
Result<std::vector<Json>> parse_yaml_documents(std::string_view text);
// Exactly one document.
Result<Json> parse_yaml(std::string_view text);
// Block style, as kubectl prints it, with a newline at the end. parse_yaml(write_yaml(v)) == v for every v that is not
// null, no deeper than 400 and without whole Doubles (json.h); what is deeper is written all the same.
std::string write_yaml(JsonView value);

}  // namespace heirloom
