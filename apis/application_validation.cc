#include <map>
#include <set>

#include <fmt/format.h>

#include "apis/application.h"
#include "apis/field_reader.h"

namespace heirloom {

namespace {

void require(FieldReader& reader, const std::string& value, const std::string& path) {
  if (value.empty()) reader.fail(path, "must not be empty", reasons::kFieldValueRequired);
}

void check_names(FieldReader& reader, const std::vector<Component>& components) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < components.size(); ++i) {
    const std::string path = element_path("spec.components", i);
    require(reader, components[i].name, path + ".name");
    require(reader, components[i].type, path + ".type");
    if (!components[i].name.empty() && !names.insert(components[i].name).second)
      reader.fail(path + ".name", fmt::format("duplicated component name {}", components[i].name),
                  reasons::kFieldValueDuplicate);
    for (std::size_t t = 0; t < components[i].traits.size(); ++t)
      require(reader, components[i].traits[t].type, element_path(path + ".traits", t) + ".type");
  }
}

enum class Visited { No, Under, Done };

// Depth first over dependsOn; names the components of the first cycle it meets. Recursion is bounded by the
// number of components, which the size of an object bounds; kMaxComponents keeps the stack safe.
constexpr std::size_t kMaxComponents = 2000;

struct CycleSearch {
  const std::vector<Component>& components;
  const std::map<std::string_view, std::size_t>& index;
  std::vector<Visited> visited;
  std::string cycle;

  bool visit(std::size_t at) {
    if (visited[at] == Visited::Done) return false;
    if (visited[at] == Visited::Under) {
      cycle = components[at].name;
      return true;
    }
    visited[at] = Visited::Under;
    for (const std::string& name : components[at].depends_on) {
      const auto it = index.find(name);
      if (it != index.end() && visit(it->second)) {
        cycle = components[at].name + " -> " + cycle;
        return true;
      }
    }
    visited[at] = Visited::Done;
    return false;
  }
};

void check_dependencies(FieldReader& reader, const std::vector<Component>& components) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < components.size(); ++i) index.emplace(components[i].name, i);
  for (std::size_t i = 0; i < components.size(); ++i) {
    const std::string path = element_path("spec.components", i) + ".dependsOn";
    for (std::size_t d = 0; d < components[i].depends_on.size(); ++d)
      if (!index.contains(components[i].depends_on[d]))
        reader.fail(element_path(path, d),
                    fmt::format("there is no component {}", components[i].depends_on[d]));
  }
  CycleSearch search{components, index, std::vector<Visited>(components.size(), Visited::No), {}};
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (!search.visit(i)) continue;
    reader.fail(element_path("spec.components", i) + ".dependsOn",
                fmt::format("components wait for each other: {}", search.cycle));
    return;
  }
}

}  // namespace

Status validate_application(const Application& application) {
  FieldReader reader;
  const ApplicationSpec& spec = application.spec;
  if (const Status name = check_application_name(application.metadata.name); !name.ok())
    reader.fail("metadata.name", name.message());
  check_names(reader, spec.components);
  if (spec.components.size() > kMaxComponents)
    reader.fail("spec.components", fmt::format("{} components; at most {} are possible",
                                               spec.components.size(), kMaxComponents));
  else
    check_dependencies(reader, spec.components);
  for (std::size_t i = 0; i < spec.policies.size(); ++i)
    require(reader, spec.policies[i].type, element_path("spec.policies", i) + ".type");
  if (spec.workflow && !spec.workflow->ref.empty() && !spec.workflow->steps.empty())
    reader.fail("spec.workflow", "ref and steps cannot be set together");
  return reader.status("Application " + application.metadata.namespaced_name().to_string());
}

}  // namespace heirloom
