#include "dispatcher/stages.h"

#include <doctest/doctest.h>

namespace heirloom::dispatcher {
namespace {

Manifest manifest(std::string component, std::string kind, std::string ns, std::string name,
                  std::vector<std::string> depends_on = {}) {
  Manifest m;
  const std::string group = kind == "CustomResourceDefinition" ? "apiextensions.k8s.io" : "";
  m.gvk = {group, "v1", kind};
  m.key = ObjectKey{"local", group, std::move(kind), std::move(ns), std::move(name)};
  m.component = std::move(component);
  m.depends_on = std::move(depends_on);
  m.declared = Json::object();
  return m;
}
using Stages = std::vector<std::vector<std::size_t>>;

}  // namespace

TEST_CASE("a Namespace comes before what lives in it, whatever the order of the components") {
  const std::vector<Manifest> manifests = {manifest("a", "ConfigMap", "example", "cm"),
                                           manifest("b", "Namespace", "", "example"),
                                           manifest("c", "ConfigMap", "default", "other")};
  CHECK(stages(manifests) == Stages{{1}, {0, 2}});
}

TEST_CASE("a component comes after those it depends on, and its Namespace before its content") {
  const std::vector<Manifest> manifests = {manifest("web", "ConfigMap", "example", "cm", {"db"}),
                                           manifest("db", "ConfigMap", "default", "db"),
                                           manifest("home", "Namespace", "", "example", {"db"})};
  CHECK(stages(manifests) == Stages{{1}, {2}, {0}});
}

TEST_CASE("a kind comes after the definition that brings it") {
  Manifest definition = manifest("crd", "CustomResourceDefinition", "", "widgets.example.com");
  const Json names = Json::object({{"kind", "Widget"}});
  const Json spec = Json::object({{"group", "example.com"}, {"names", names}});
  definition.declared = Json::object({{"spec", spec}});
  Manifest widget = manifest("w", "Widget", "default", "w");
  widget.key.group = "example.com";
  CHECK(stages({widget, definition}) == Stages{{1}, {0}});
  CHECK(declared_kinds({widget, definition}) == std::set<GroupKind>{{"example.com", "Widget"}});
}

TEST_CASE("two manifests for one object are told with both components") {
  const std::vector<Manifest> manifests = {manifest("one", "ConfigMap", "default", "cm"),
                                           manifest("two", "ConfigMap", "default", "cm"),
                                           manifest("two", "ConfigMap", "other", "cm")};
  const std::vector<Conflict> conflicts = duplicate_objects(manifests, SharerKey{"", "default", "app"});
  REQUIRE(conflicts.size() == 1);
  CHECK(conflicts[0].reason == conflict_reasons::kDuplicateObject);
  CHECK(conflicts[0].message.find("one") != std::string::npos);
  CHECK(conflicts[0].message.find("two") != std::string::npos);
}

}  // namespace heirloom::dispatcher
