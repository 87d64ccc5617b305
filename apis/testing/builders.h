// Applications for tests, as values or as JSON:
//   application("shop").with(component("web")).with(shared_resource("Namespace")).json()
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apis/application.h"
#include "base/json.h"

namespace heirloom::testing {

// A k8s-objects component that carries the given manifests.
inline Component component(std::string_view name, const std::vector<Json>& objects = {}) {
  Component c;
  c.name = name;
  c.type = "k8s-objects";
  JsonBuilder properties;
  properties.begin_object().key("objects").begin_array();
  for (const Json& object : objects) properties.value(object);
  properties.end_array().end_object();
  c.properties = properties.take();
  return c;
}

inline Policy policy(std::string_view type, const Json& properties, std::string_view name = "") {
  Policy p;
  p.name = name.empty() ? std::string(type) : std::string(name);
  p.type = type;
  p.properties = properties;
  return p;
}

// {"rules":[{"selector":{<field>:[<value>]}}]}
inline Json rules(std::string_view field, std::string_view value) {
  const Json values = Json::array({value});
  const Json selector = Json::object({{field, values}});
  const Json rule = Json::object({{"selector", selector}});
  const Json list = Json::array({rule});
  return Json::object({{"rules", list}});
}

inline Policy shared_resource(std::string_view kind) {
  return policy("shared-resource", rules("resourceTypes", kind));
}
inline Policy read_only(std::string_view kind) { return policy("read-only", rules("resourceTypes", kind)); }
inline Policy take_over(std::string_view kind) { return policy("take-over", rules("resourceTypes", kind)); }

class ApplicationBuilder {
 public:
  explicit ApplicationBuilder(std::string_view name) {
    application_.metadata.name = name;
    application_.metadata.ns = "default";
    application_.metadata.uid = "uid-" + std::string(name);
    application_.metadata.generation = 1;
  }
  ApplicationBuilder& in(std::string_view ns) {
    application_.metadata.ns = ns;
    return *this;
  }
  ApplicationBuilder& with(Component c) {
    application_.spec.components.push_back(std::move(c));
    return *this;
  }
  ApplicationBuilder& with(Policy p) {
    application_.spec.policies.push_back(std::move(p));
    return *this;
  }
  ApplicationBuilder& labelled(std::string_view key, std::string_view value) {
    application_.metadata.labels.insert_or_assign(std::string(key), std::string(value));
    return *this;
  }
  ApplicationBuilder& annotated(std::string_view key, std::string_view value) {
    application_.metadata.annotations.insert_or_assign(std::string(key), std::string(value));
    return *this;
  }
  ApplicationBuilder& finalized_by(std::string_view finalizer) {
    application_.metadata.finalizers.emplace_back(finalizer);
    return *this;
  }
  const Application& value() const { return application_; }
  operator const Application&() const { return application_; }  // NOLINT: reads like the value it builds
  Json json() const { return encode_application(application_); }

 private:
  Application application_;
};

inline ApplicationBuilder application(std::string_view name) { return ApplicationBuilder(name); }

inline Json config_map(std::string_view name, std::string_view ns = "default") {
  const Json metadata = Json::object({{"name", name}, {"namespace", ns}});
  return Json::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata}});
}

inline Json namespace_object(std::string_view name) {
  const Json metadata = Json::object({{"name", name}});
  return Json::object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", metadata}});
}

}  // namespace heirloom::testing
