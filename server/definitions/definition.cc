#include "server/definitions/definition.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "schema/schema.h"
#include "server/strategy.h"

namespace heirloom::server {
namespace {

std::vector<std::string> texts(JsonView list) {
  std::vector<std::string> out;
  for (const auto& element : list.elements()) out.emplace_back(element.string());
  return out;
}

std::string text_or(JsonView value, std::string fallback) {
  return value.string().empty() ? std::move(fallback) : std::string(value.string());
}

std::vector<PrinterColumn> columns_of(JsonView version) {
  std::vector<PrinterColumn> out;
  for (const auto& column : version["additionalPrinterColumns"].elements()) {
    PrinterColumn each;
    each.name = std::string(column["name"].string());
    each.type = std::string(column["type"].string());
    each.format = std::string(column["format"].string());
    each.description = std::string(column["description"].string());
    each.priority = static_cast<int>(column["priority"].int64());
    each.json_path = std::string(column["jsonPath"].string());
    out.push_back(std::move(each));
  }
  // Custom resources without columns of their own show their age.
  if (out.empty()) {
    PrinterColumn age;
    age.name = "Age";
    age.type = "date";
    age.description =
        "CreationTimestamp is a timestamp representing the server time when this object was created.";
    age.json_path = ".metadata.creationTimestamp";
    out.push_back(std::move(age));
  }
  return out;
}

// Definitions are compiled when they are validated, when their status is computed and when they are served: more
// often than they change.
constexpr std::size_t kMostKept = 256;

std::shared_ptr<const schema::Compiled> compile_once(JsonView openapi, const schema::CompileOptions& options) {
  struct Kept {
    Json openapi;
    std::shared_ptr<const schema::Compiled> compiled;
  };
  thread_local std::map<std::pair<std::uint64_t, std::string>, Kept> kept;
  const std::string rest = fmt::format("{} {}", options.path, options.status_subresource);
  const std::pair<std::uint64_t, std::string> key{hash_json(openapi), rest};
  const auto found = kept.find(key);
  if (found != kept.end() && found->second.openapi == openapi) return found->second.compiled;
  if (kept.size() >= kMostKept) kept.clear();
  auto compiled = std::make_shared<const schema::Compiled>(schema::compile_schema(openapi, options));
  kept.insert_or_assign(key, Kept{openapi.to_json(), compiled});
  return compiled;
}

ResourceVersionInfo version_of(JsonView version, std::size_t index, bool preserve_all,
                               schema::FieldErrors& errors) {
  ResourceVersionInfo out;
  out.name = std::string(version["name"].string());
  out.served = version["served"].boolean();
  out.storage = version["storage"].boolean();
  out.deprecated = version["deprecated"].boolean();
  out.deprecation_warning = std::string(version["deprecationWarning"].string());
  out.status_subresource = version["subresources"]["status"].is_object();
  if (const auto scale = version["subresources"]["scale"]; scale.is_object()) {
    ScaleSubresource paths;
    paths.spec_replicas_path = std::string(scale["specReplicasPath"].string());
    paths.status_replicas_path = std::string(scale["statusReplicasPath"].string());
    paths.label_selector_path = std::string(scale["labelSelectorPath"].string());
    out.scale = std::move(paths);
  }
  out.columns = columns_of(version);
  const auto openapi = version["schema"]["openAPIV3Schema"];
  if (!openapi.is_object() || preserve_all) {
    out.schema = std::make_shared<const schema::Schema>();
    out.openapi = openapi.is_object() ? openapi.to_json() : Json::object({{"type", "object"}});
    return out;
  }
  schema::CompileOptions options;
  options.path = fmt::format("spec.versions[{}].schema.openAPIV3Schema", index);
  options.status_subresource = out.status_subresource;
  const auto compiled = compile_once(openapi, options);
  errors.insert(errors.end(), compiled->errors.begin(), compiled->errors.end());
  out.schema = std::shared_ptr<const schema::Schema>(compiled, &compiled->schema);
  out.openapi = openapi.to_json();
  return out;
}

// The condition of this type with the given content; its time stays while its status does.
Json condition(JsonView before, std::string_view type, bool status, std::string_view reason,
               std::string_view message, std::string_view time) {
  const std::string_view value = status ? "True" : "False";
  std::string_view since = time;
  for (const auto& each : before.elements()) {
    if (each["type"].string() == type && each["status"].string() == value)
      since = each["lastTransitionTime"].string();
  }
  return Json::object({{"lastTransitionTime", since},
                       {"message", message},
                       {"reason", reason},
                       {"status", value},
                       {"type", type}});
}

std::string_view condition_status(JsonView definition, std::string_view type) {
  for (const auto& each : definition["status"]["conditions"].elements()) {
    if (each["type"].string() == type) return each["status"].string();
  }
  return {};
}

void write_conditions(JsonBuilder& out, const Json& definition, const NamesConflict& conflict,
                      const CompiledDefinition& compiled, std::string_view time) {
  const JsonView before = definition.view()["status"]["conditions"];
  const bool accepted = conflict.reason.empty();
  const bool compiles = compiled.errors.empty();
  const bool was = condition_status(definition, "Established") == "True";
  out.begin_array();
  for (const auto& each : before.elements()) {
    const auto type = each["type"].string();
    if (type != "NamesAccepted" && type != "Established" && type != "NonStructuralSchema") out.value(each);
  }
  out.value(accepted ? condition(before, "NamesAccepted", true, "NoConflicts", "no conflicts found", time)
                     : condition(before, "NamesAccepted", false, conflict.reason, conflict.message, time));
  // Once established a definition stays so: its objects must remain reachable.
  if (was || (accepted && compiles)) {
    out.value(condition(before, "Established", true, "InitialNamesAccepted",
                        "the initial names have been accepted", time));
  } else if (!accepted) {
    out.value(condition(before, "Established", false, "NotAccepted", "not all names are accepted", time));
  } else {
    out.value(condition(before, "Established", false, "InvalidSchema", "the schema does not compile", time));
  }
  if (!compiles) {
    const auto& first = compiled.errors.front();
    out.value(condition(before, "NonStructuralSchema", true, "Violations", first.field + ": " + first.message,
                        time));
  }
  out.end_array();
}

}  // namespace

CompiledDefinition compile_definition(JsonView definition) {
  CompiledDefinition out;
  auto& resource = out.resource;
  const auto spec = definition["spec"];
  const auto accepted = definition["status"]["acceptedNames"];
  const auto names = accepted["plural"].string().empty() ? spec["names"] : accepted;
  resource.custom = true;
  resource.strategy = &custom_strategy();
  resource.group = std::string(spec["group"].string());
  resource.kind = std::string(names["kind"].string());
  resource.list_kind = text_or(names["listKind"], resource.kind + "List");
  resource.plural = std::string(names["plural"].string());
  resource.singular = std::string(names["singular"].string());
  resource.short_names = texts(names["shortNames"]);
  resource.categories = texts(names["categories"]);
  resource.scope = spec["scope"].string() == "Namespaced" ? Scope::Namespaced : Scope::Cluster;
  resource.has_generation = true;
  std::size_t index = 0;
  for (const auto& version : spec["versions"].elements()) {
    resource.versions.push_back(
        version_of(version, index++, spec["preserveUnknownFields"].boolean(), out.errors));
  }
  std::stable_sort(resource.versions.begin(), resource.versions.end(),
                   [](const ResourceVersionInfo& a, const ResourceVersionInfo& b) {
                     return version_precedes(a.name, b.name);
                   });
  return out;
}

Json with_definition_status(const Json& definition, const NamesConflict& conflict,
                            const CompiledDefinition& compiled, std::string_view time) {
  const JsonView spec = definition.view()["spec"];
  const JsonView status = definition.view()["status"];
  JsonBuilder out;
  out.begin_object();
  out.key("conditions");
  write_conditions(out, definition, conflict, compiled, time);
  out.key("acceptedNames");
  if (conflict.reason.empty()) {
    out.value(spec["names"]);
  } else if (status["acceptedNames"].is_object()) {
    out.value(status["acceptedNames"]);
  } else {
    out.begin_object().member("plural", "").member("kind", "").end_object();
  }
  auto stored = texts(status["storedVersions"]);
  for (const auto& version : spec["versions"].elements()) {
    const std::string name(version["name"].string());
    if (version["storage"].boolean() && std::find(stored.begin(), stored.end(), name) == stored.end()) {
      stored.push_back(name);
    }
  }
  out.key("storedVersions").begin_array();
  for (const auto& name : stored) out.string(name);
  out.end_array().end_object();
  return rewrite(definition, {set_at({std::string("status")}, out.take())});
}

Json with_terminating_condition(const Json& definition, std::string_view time) {
  const JsonView before = definition.view()["status"]["conditions"];
  JsonBuilder out;
  out.begin_array();
  for (const auto& each : before.elements()) {
    if (each["type"].string() != "Terminating") out.value(each);
  }
  out.value(condition(before, "Terminating", true, "InstanceDeletionInProgress",
                      "CustomResource deletion is in progress", time));
  out.end_array();
  return rewrite(definition, {set_at({std::string("status"), std::string("conditions")}, out.take())});
}

NamesConflict names_conflict(const Registry& registry, JsonView definition) {
  const auto spec = definition["spec"];
  const auto names = spec["names"];
  const auto group = spec["group"].string();
  const auto plural = names["plural"].string();
  NamesConflict out;
  const auto taken = [&](std::string_view reason, std::string_view name) {
    out.reason = std::string(reason);
    out.message = fmt::format("{} is already in use", schema::go_quote(name));
  };
  for (const auto& other : registry.all()) {
    if (other->group != group || (other->custom && other->plural == plural)) continue;
    const auto answers = [&](std::string_view name) {
      return !name.empty() && (other->plural == name || other->singular == name ||
                               std::find(other->short_names.begin(), other->short_names.end(), name) !=
                                   other->short_names.end());
    };
    if (answers(plural)) taken("PluralConflict", plural);
    if (answers(names["singular"].string())) taken("SingularConflict", names["singular"].string());
    for (const auto& name : names["shortNames"].elements()) {
      if (answers(name.string())) taken("ShortNamesConflict", name.string());
    }
    const auto kind_taken = [&](std::string_view kind) {
      return other->kind == kind || other->list_kind == kind;
    };
    if (kind_taken(names["kind"].string())) taken("KindConflict", names["kind"].string());
    if (kind_taken(names["listKind"].string())) taken("ListKindConflict", names["listKind"].string());
  }
  return out;
}

bool is_established(JsonView definition) { return condition_status(definition, "Established") == "True"; }

}  // namespace heirloom::server
