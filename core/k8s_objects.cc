#include "core/k8s_objects.h"

#include <fmt/format.h>

namespace heirloom::core {
namespace {

// An application of more objects would not fit its tracker anyway.
constexpr std::size_t kMaxObjects = 10'000;

Status check_object(JsonView object, const std::string& field) {
  if (!object.is_object())
    return invalid(fmt::format("{}: expected a Kubernetes object, found {}", field, to_string(object.kind())), field);
  for (const char* required : {"apiVersion", "kind"}) {
    if (object[required].string().empty())
      return invalid(fmt::format("{}.{}: every object needs {}; add it", field, required, required),
                     fmt::format("{}.{}", field, required));
  }
  const JsonView metadata = object["metadata"];
  if (metadata.exists() && !metadata.is_object() && !metadata.is_null())
    return invalid(fmt::format("{}.metadata: expected an object, found {}", field, to_string(metadata.kind())),
                   field + ".metadata");
  for (const char* map : {"labels", "annotations"}) {
    const JsonView entries = metadata[map];
    if (entries.exists() && !entries.is_object() && !entries.is_null())
      return invalid(fmt::format("{}.metadata.{}: expected an object, found {}", field, map, to_string(entries.kind())),
                     fmt::format("{}.metadata.{}", field, map));
    for (const auto& [key, value] : entries.members()) {
      if (value.is_string()) continue;
      return invalid(fmt::format("{}.metadata.{}.{}: the value must be a string (put it in quotes)", field, map, key),
                     fmt::format("{}.metadata.{}", field, map));
    }
  }
  for (const char* name : {"name", "namespace"}) {
    const JsonView value = metadata[name];
    if (value.exists() && !value.is_string())
      return invalid(fmt::format("{}.metadata.{}: expected a string, found {}", field, name, to_string(value.kind())),
                     fmt::format("{}.metadata.{}", field, name));
  }
  return {};
}

}  // namespace

Result<std::vector<Json>> render_k8s_objects(const RenderInput& input) {
  const std::string field = input.field + ".properties.objects";
  const JsonView objects = input.component.properties["objects"];
  if (!objects.is_array())
    return invalid(fmt::format("{}: component {} needs a list of Kubernetes objects here", field, input.component.name),
                   field);
  if (objects.size() > kMaxObjects)
    return invalid(fmt::format("{}: {} objects are more than {}; split the application", field, objects.size(),
                               kMaxObjects), field);
  std::vector<Json> rendered;
  rendered.reserve(objects.size());
  std::size_t index = 0;
  for (const JsonView object : objects.elements()) {
    TRY_VOID(check_object(object, fmt::format("{}[{}]", field, index++)));
    rendered.push_back(object.to_json());
  }
  return rendered;
}

}  // namespace heirloom::core
