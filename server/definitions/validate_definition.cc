#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "schema/names.h"
#include "server/definitions/definition.h"

namespace heirloom::server {
namespace {

using schema::FieldErrors;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

void complain(FieldErrors& errors, const std::string& path, std::string_view value,
              const schema::Complaints& complaints) {
  for (const auto& complaint : complaints) errors.push_back(schema::invalid_value(path, value, complaint));
}

void check_names(JsonView names, FieldErrors& errors) {
  const auto plural = names["plural"].string();
  const auto kind = names["kind"].string();
  if (plural.empty()) {
    errors.push_back(schema::required_value("spec.names.plural"));
  } else {
    complain(errors, "spec.names.plural", plural, schema::check_dns1035_label(plural));
  }
  if (const auto singular = names["singular"].string(); !singular.empty()) {
    complain(errors, "spec.names.singular", singular, schema::check_dns1035_label(singular));
  }
  if (kind.empty()) {
    errors.push_back(schema::required_value("spec.names.kind"));
  } else {
    complain(errors, "spec.names.kind", kind, schema::check_dns1035_label(lower(kind)));
  }
  std::size_t index = 0;
  for (const auto& name : names["shortNames"].elements()) {
    complain(errors, schema::index_path("spec.names.shortNames", index++), name.string(),
             schema::check_dns1035_label(name.string()));
  }
  if (!kind.empty() && kind == names["listKind"].string()) {
    errors.push_back(
        schema::invalid_value("spec.names.listKind", kind, "kind and listKind may not be the same"));
  }
}

void check_columns(JsonView version, const std::string& path, FieldErrors& errors) {
  static const std::vector<std::string> kTypes = {"integer", "number", "string", "boolean", "date"};
  std::size_t index = 0;
  for (const auto& column : version["additionalPrinterColumns"].elements()) {
    const auto at = schema::index_path(path + ".additionalPrinterColumns", index++);
    if (column["name"].string().empty()) errors.push_back(schema::required_value(at + ".name"));
    const auto type = column["type"].string();
    if (type.empty()) {
      errors.push_back(schema::required_value(at + ".type"));
    } else if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
      errors.push_back(schema::unsupported_value(at + ".type", type, kTypes));
    }
    const auto json_path = column["jsonPath"].string();
    if (json_path.empty()) {
      errors.push_back(schema::required_value(at + ".JSONPath"));
    } else if (!json_path.starts_with('.')) {
      errors.push_back(
          schema::invalid_value(at + ".JSONPath", json_path, "must be a simple json path starting with ."));
    }
  }
}

bool is_plain_path(std::string_view path) {
  return path.find_first_of("[]*?\"'(){}") == std::string_view::npos;
}

void check_scale(JsonView version, const std::string& path, FieldErrors& errors) {
  const auto scale = version["subresources"]["scale"];
  if (!scale.is_object()) return;
  const auto check = [&](std::string_view field, std::string_view root, bool needed) {
    const auto at = path + ".subresources.scale." + std::string(field);
    const auto value = scale[field].string();
    if (value.empty()) {
      if (needed) errors.push_back(schema::required_value(at));
    } else if (!value.starts_with(std::string(root) + ".") || !is_plain_path(value)) {
      errors.push_back(schema::invalid_value(at, value, fmt::format("should be a json path under {}", root)));
    }
  };
  check("specReplicasPath", ".spec", true);
  check("statusReplicasPath", ".status", true);
  const bool in_status = scale["labelSelectorPath"].string().starts_with(".status.");
  check("labelSelectorPath", in_status ? ".status" : ".spec", false);
}

// Groups of the project itself need an approval. Source: apiextensions, KEP 2337.
void check_protected_group(JsonView definition, std::string_view group, FieldErrors& errors) {
  const auto under = [&](std::string_view domain) {
    return group == domain || group.ends_with("." + std::string(domain));
  };
  if (!under("k8s.io") && !under("kubernetes.io")) return;
  constexpr std::string_view kApproval = "api-approved.kubernetes.io";
  if (!definition["metadata"]["annotations"][kApproval].string().empty()) return;
  errors.push_back(schema::required_value(
      "metadata.annotations[api-approved.kubernetes.io]",
      "protected groups must have approval annotation \"api-approved.kubernetes.io\", see "
      "https://github.com/kubernetes/enhancements/pull/1111"));
}

void check_versions(JsonView spec, FieldErrors& errors) {
  std::size_t index = 0;
  std::size_t storage = 0;
  std::set<std::string_view> seen;
  for (const auto& version : spec["versions"].elements()) {
    const auto path = schema::index_path("spec.versions", index++);
    const auto name = version["name"].string();
    complain(errors, path + ".name", name, schema::check_dns1035_label(name));
    if (!seen.insert(name).second) {
      errors.push_back(
          schema::invalid_value("spec.versions", spec["versions"], "must contain unique version names"));
    }
    storage += version["storage"].boolean() ? 1U : 0U;
    if (!version["schema"]["openAPIV3Schema"].is_object()) {
      errors.push_back(schema::required_value(path + ".schema.openAPIV3Schema", "schemas are required"));
    }
    check_columns(version, path, errors);
    check_scale(version, path, errors);
  }
  if (index == 0) errors.push_back(schema::required_value("spec.versions"));
  if (index > 0 && storage != 1) {
    errors.push_back(schema::invalid_value("spec.versions", spec["versions"],
                                           "must have exactly one version marked as storage version"));
  }
}

void check_conversion(JsonView spec, FieldErrors& errors) {
  const auto strategy = spec["conversion"]["strategy"].string();
  if (strategy.empty() || strategy == "None") return;
  if (strategy == "Webhook") {
    // Storing a definition whose objects we could not convert would be a lie.
    errors.push_back(schema::forbidden_value("spec.conversion.strategy",
                                             "this server does not call conversion webhooks: use None"));
    return;
  }
  errors.push_back(schema::unsupported_value("spec.conversion.strategy", strategy, {"None", "Webhook"}));
}

void check_immutable(JsonView now, JsonView before, std::string_view field, FieldErrors& errors) {
  if (now[field] == before[field]) return;
  errors.push_back(schema::invalid_value("spec." + std::string(field), now[field], "field is immutable"));
}

void check_update(JsonView definition, JsonView old, FieldErrors& errors) {
  const auto spec = definition["spec"];
  const auto before = old["spec"];
  check_immutable(spec, before, "group", errors);
  if (is_established(old)) check_immutable(spec, before, "scope", errors);
  if (spec["names"]["plural"] != before["names"]["plural"]) {
    errors.push_back(
        schema::invalid_value("spec.names.plural", spec["names"]["plural"], "field is immutable"));
  }
  if (is_established(old) && spec["names"]["kind"] != before["names"]["kind"]) {
    errors.push_back(schema::invalid_value("spec.names.kind", spec["names"]["kind"], "field is immutable"));
  }
  std::size_t index = 0;
  for (const auto& stored : definition["status"]["storedVersions"].elements()) {
    bool listed = false;
    for (const auto& version : spec["versions"].elements()) listed = listed || version["name"] == stored;
    if (!listed) {
      errors.push_back(schema::invalid_value(schema::index_path("status.storedVersions", index), stored,
                                             "must appear in spec.versions"));
    }
    ++index;
  }
}

}  // namespace

Json with_definition_defaults(const Json& definition) {
  const JsonView spec = definition.view()["spec"];
  const JsonView names = spec["names"];
  std::vector<JsonEdit> edits;
  const auto kind = names["kind"].string();
  if (names["singular"].string().empty() && !kind.empty()) {
    edits.push_back(set_at({std::string("spec"), std::string("names"), std::string("singular")},
                           Json::string(lower(kind))));
  }
  if (names["listKind"].string().empty() && !kind.empty()) {
    edits.push_back(set_at({std::string("spec"), std::string("names"), std::string("listKind")},
                           Json::string(std::string(kind) + "List")));
  }
  if (spec["conversion"]["strategy"].string().empty() && spec.is_object()) {
    edits.push_back(set_at({std::string("spec"), std::string("conversion"), std::string("strategy")},
                           Json::string("None")));
  }
  return edits.empty() ? definition : rewrite(definition, edits);
}

void validate_definition(JsonView definition, JsonView old, schema::FieldErrors& errors) {
  const auto spec = definition["spec"];
  const auto group = spec["group"].string();
  const auto plural = spec["names"]["plural"].string();
  const auto name = definition["metadata"]["name"].string();
  const auto expected = fmt::format("{}.{}", plural, group);
  if (!old.exists() && name != expected) {
    errors.push_back(
        schema::invalid_value("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
  }
  if (group.empty()) {
    errors.push_back(schema::required_value("spec.group"));
  } else {
    complain(errors, "spec.group", group, schema::check_dns1123_subdomain(group));
    if (group.find('.') == std::string_view::npos) {
      errors.push_back(
          schema::invalid_value("spec.group", group, "should be a domain with at least one dot"));
    }
  }
  check_protected_group(definition, group, errors);
  const auto scope = spec["scope"].string();
  if (scope.empty()) {
    errors.push_back(schema::required_value("spec.scope"));
  } else if (scope != "Namespaced" && scope != "Cluster") {
    errors.push_back(schema::unsupported_value("spec.scope", scope, {"Cluster", "Namespaced"}));
  }
  check_names(spec["names"], errors);
  check_versions(spec, errors);
  check_conversion(spec, errors);
  if (spec["preserveUnknownFields"].boolean()) {
    errors.push_back(schema::invalid_value("spec.preserveUnknownFields", spec["preserveUnknownFields"],
                                           "must be false in order to use defaults in the schema"));
  }
  const auto compiled = compile_definition(definition);
  errors.insert(errors.end(), compiled.errors.begin(), compiled.errors.end());
  if (old.exists()) check_update(definition, old, errors);
}

}  // namespace heirloom::server
