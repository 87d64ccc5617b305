// Errors about fields, worded as Kubernetes words them (apimachinery field.Error), and the 422 Status they
// become. A FieldError is a StatusCause: reason FieldValueInvalid..., message without the path, field the
// path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace heirloom::schema {

using FieldError = StatusCause;
using FieldErrors = std::vector<FieldError>;

// Beyond this many errors a validation stops; the rest would tell nobody anything.
inline constexpr std::size_t kMaxFieldErrors = 100;

FieldError required_value(std::string path, std::string_view detail = {});
FieldError invalid_value(std::string path, JsonView value, std::string_view detail);
FieldError invalid_value(std::string path, std::string_view value, std::string_view detail);
FieldError invalid_value(std::string path, const char* value, std::string_view detail);
FieldError invalid_value(std::string path, std::int64_t value, std::string_view detail);
FieldError unsupported_value(std::string path, JsonView value, const std::vector<std::string>& supported);
FieldError unsupported_value(std::string path, std::string_view value,
                             const std::vector<std::string>& supported);
FieldError duplicate_value(std::string path, JsonView value);
FieldError duplicate_value(std::string path, std::string_view value);
FieldError forbidden_value(std::string path, std::string_view detail);
FieldError too_long_value(std::string path, std::int64_t max_bytes);
FieldError too_many_values(std::string path, std::int64_t actual, std::int64_t max);
FieldError not_found_value(std::string path, std::string_view value);

// `ConfigMap "x" is invalid: a: ...` or, with several different ones, `... is invalid: [a: ..., b: ...]`; 422
// with the causes in details. kind is the kind's name; for custom resources pass their group. errors must not
// be empty.
Status invalid_status(std::string_view group, std::string_view kind, std::string_view name,
                      FieldErrors errors);

// Paths: "spec", "spec.a", "spec.a[3]", "metadata.labels[a.b/c]" as Kubernetes' field.Path writes them.
std::string child_path(std::string_view path, std::string_view field);
std::string index_path(std::string_view path, std::size_t index);
std::string key_path(std::string_view path, std::string_view key);

// Go's %q and %#v (of unstructured content), which Kubernetes' messages contain.
std::string go_quote(std::string_view text);
std::string go_value(JsonView value);
std::string go_print(JsonView value);  // Go's %v: map[name:x]
// Go's %v of a float64: 10, 0.5, 1e+21.
std::string go_number(double value);

}  // namespace heirloom::schema
