#include "policies/claim_definition.h"

#include <fmt/format.h>

#include "apis/labels.h"

namespace heirloom::policies {

namespace {

struct Column {
  std::string_view name;
  std::string_view type;
  std::string_view path;
  int priority = 0;
};

// Wide tables show the sentence, too.
constexpr Column kColumns[] = {{"TARGET", "string", ".status.target"},
                               {"PHASE", "string", ".status.phase"},
                               {"CLAIMS", "integer", ".status.claimCount"},
                               {"AGE", "date", ".metadata.creationTimestamp"},
                               {"MESSAGE", "string", ".status.message", 1}};

Json columns() {
  JsonBuilder builder;
  builder.begin_array();
  for (const Column& column : kColumns) {
    builder.begin_object().member("name", column.name).member("type", column.type);
    if (column.priority != 0) builder.member("priority", column.priority);
    builder.member("jsonPath", column.path).end_object();
  }
  builder.end_array();
  return builder.take();
}

Json open_object() {
  return Json::object({{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}});
}

Json typed(std::string_view type) { return Json::object({{"type", type}}); }

Json schema_of(const ClaimKind& claim) {
  const Json spec = claim.schema.is_null() ? open_object() : claim.schema;
  const Json properties = Json::object({{"apiVersion", typed("string")},
                                        {"kind", typed("string")},
                                        {"metadata", typed("object")},
                                        {"spec", spec},
                                        {"status", open_object()}});
  const std::string description = fmt::format("{} is a claim; its ClaimClass says for what.", claim.kind);
  return Json::object({{"description", description}, {"type", "object"}, {"properties", properties}});
}

Json names_of(const ClaimKind& claim) {
  JsonBuilder builder;
  builder.begin_object();
  builder.member("kind", claim.kind).member("listKind", claim.kind + "List");
  builder.member("plural", claim.plural).member("singular", claim.singular);
  if (!claim.short_names.empty()) {
    builder.key("shortNames").begin_array();
    for (const std::string& name : claim.short_names) builder.string(name);
    builder.end_array();
  }
  builder.key("categories").begin_array().string("claims").end_array();
  builder.end_object();
  return builder.take();
}

Status fault(const Promise& promise, std::string_view path, std::string_view message) {
  return invalid(fmt::format("Promise {}: {}: {}", promise.metadata.name, path, message), std::string(path));
}

}  // namespace

Json definition_of(const ClaimClass& claim_class) {
  const ClaimKind& claim = claim_class.spec.claim;
  const Json subresources = Json::object({{"status", Json::object()}});
  const Json schema = Json::object({{"openAPIV3Schema", schema_of(claim)}});
  const Json version = Json::object({{"name", claim.version},
                                     {"served", true},
                                     {"storage", true},
                                     {"subresources", subresources},
                                     {"additionalPrinterColumns", columns()},
                                     {"schema", schema}});
  const Json versions = Json::array({version});
  const Json spec = Json::object({{"group", claim.group},
                                  {"scope", "Namespaced"},
                                  {"names", names_of(claim)},
                                  {"versions", versions}});
  const Json marks = Json::object({{labels::kClaimClass, claim_class.metadata.name}});
  const Json metadata = Json::object({{"name", claim.sharer_kind()}, {"labels", marks}});
  return Json::object({{"apiVersion", "apiextensions.k8s.io/v1"},
                       {"kind", "CustomResourceDefinition"},
                       {"metadata", metadata},
                       {"spec", spec}});
}

Result<Json> definition_of(const Promise& promise) {
  const JsonView api = promise.definition;
  if (!api.is_object()) return fault(promise, "spec.api", "there is no CustomResourceDefinition to install");
  if (api["kind"].string() != "CustomResourceDefinition" || api["apiVersion"].string() != "apiextensions.k8s.io/v1")
    return fault(promise, "spec.api", "want apiVersion apiextensions.k8s.io/v1, kind CustomResourceDefinition");
  if (api["metadata"]["name"].string().empty()) return fault(promise, "spec.api.metadata.name", "it is missing");
  const JsonView versions = api["spec"]["versions"];
  if (versions.empty()) return fault(promise, "spec.api.spec.versions", "there is no version");
  std::vector<JsonEdit> edits;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const JsonView version = versions.element(i);
    const auto place = [&](std::initializer_list<std::string_view> steps) {
      JsonPath path{"spec", "versions", i};
      for (const std::string_view step : steps) path.emplace_back(std::string(step));
      return path;
    };
    if (!version["subresources"]["status"].exists())
      edits.push_back(set_at(place({"subresources", "status"}), Json::object()));
    if (version["schema"]["openAPIV3Schema"].is_object() &&
        !version["schema"]["openAPIV3Schema"]["properties"]["status"].exists())
      edits.push_back(set_at(place({"schema", "openAPIV3Schema", "properties", "status"}), open_object()));
    if (version["additionalPrinterColumns"].empty())
      edits.push_back(set_at(place({"additionalPrinterColumns"}), columns()));
  }
  return rewrite(api, edits);
}

}  // namespace heirloom::policies
