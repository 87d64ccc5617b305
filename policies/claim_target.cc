#include "policies/claim_target.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "apis/field_reader.h"
#include "policies/claim_template.h"
#include "schema/names.h"

namespace heirloom::policies {

namespace {

constexpr int kUnprocessable = 422;
constexpr std::string_view kRoot = "spec.object";
// What an API server would take of one object; a template may use a large value many times.
constexpr std::size_t kMaxFilledBytes = 1536 * 1024;

Status class_fault(const ClaimClass& claim_class, std::string_view path, std::string_view message) {
  return {kUnprocessable, claim_reasons::kClassInvalid,
          fmt::format("ClaimClass {}: {}: {}", claim_class.metadata.name, path, message)};
}

Status claim_fault(std::string message) { return {kUnprocessable, claim_reasons::kInvalidClaim, std::move(message)}; }

bool has_placeholder(JsonView value) { return value.string().find("${") != std::string_view::npos; }

// A claim's value as it stands; null counts as missing, as everywhere in Kubernetes.
JsonView spec_value(const Claim& claim, std::string_view field) {
  const std::vector<std::string> parts = split_claim_field(field);
  JsonView value = claim.spec;
  for (std::size_t i = 1; i < parts.size(); ++i) value = value[parts[i]];
  return value.is_null() ? JsonView() : value;
}

std::optional<Json> own_value(const Claim& claim, std::string_view field) {
  if (field == "metadata.name") return Json::string(claim.metadata.name);
  if (field == "metadata.namespace") return Json::string(claim.metadata.ns);
  const JsonView value = spec_value(claim, field);
  if (!value.exists()) return std::nullopt;
  return value.to_json();
}

std::optional<std::string> text_of(JsonView value) {
  if (value.is_string()) return std::string(value.string());
  if (value.is_number() || value.is_bool()) return write_json(value);
  return std::nullopt;
}

// Fills one template with one claim. The first fault ends it.
class Filling {
 public:
  Filling(const ClaimClass& claim_class, const Claim& claim, const ClaimParameters* in_force)
      : class_(claim_class), claim_(claim), in_force_(in_force) {}

  Result<Json> fill(JsonView value, const std::string& path) {
    JsonBuilder builder;
    TRY_VOID(fill(value, path, builder));
    return builder.take();
  }
  ClaimParameters take_parameters() { return std::move(parameters_); }

 private:
  Status fill(JsonView value, const std::string& path, JsonBuilder& builder) {
    if (value.is_object()) {
      builder.begin_object();
      for (const JsonMember member : value.members()) {
        builder.key(member.key);
        TRY_VOID(fill(member.value, child_path(path, member.key), builder));
      }
      builder.end_object();
    } else if (value.is_array()) {
      builder.begin_array();
      std::size_t index = 0;
      for (const JsonView element : value.elements()) TRY_VOID(fill(element, element_path(path, index++), builder));
      builder.end_array();
    } else if (value.is_string()) {
      TRY(const Json filled, fill_text(value.string(), path));
      builder.value(filled);
    } else {
      builder.value(value);
    }
    return {};
  }

  Result<Json> fill_text(std::string_view text, const std::string& path) {
    const Result<std::vector<TemplatePiece>> pieces = parse_template_text(text);
    if (!pieces.ok()) return class_fault(class_, path, pieces.status().message());
    if (pieces->size() == 1 && !pieces->front().field.empty()) return value_of(pieces->front(), path);
    std::string filled;
    for (const TemplatePiece& piece : *pieces) {
      if (piece.field.empty()) {
        filled += piece.literal;
        continue;
      }
      TRY(const Json value, value_of(piece, path));
      const std::optional<std::string> inserted = text_of(value);
      if (!inserted)
        return claim_fault(fmt::format("{}: {} is {}, but {} of ClaimClass {} needs text, a number or a boolean there",
                                       to_string(claim_), piece.field, to_string(value.view().kind()), path,
                                       class_.metadata.name));
      filled += *inserted;
    }
    return Json::string(filled);
  }

  Result<Json> value_of(const TemplatePiece& piece, const std::string& path) {
    const bool is_parameter = !std::count(class_.spec.key.begin(), class_.spec.key.end(), piece.field);
    std::optional<Json> value;
    if (is_parameter && in_force_ != nullptr) {
      if (const auto it = in_force_->find(piece.field); it != in_force_->end()) value = it->second;
    }
    if (!value) value = own_value(claim_, piece.field);
    if (!value && piece.fallback) value = Json::string(*piece.fallback);
    if (!value)
      return claim_fault(fmt::format("{}: {} is missing; {} of ClaimClass {} is made of it", to_string(claim_),
                                     piece.field, path, class_.metadata.name));
    filled_bytes_ += write_json(*value).size();
    if (filled_bytes_ > kMaxFilledBytes)
      return claim_fault(fmt::format("{}: its values make the object of ClaimClass {} larger than {} bytes",
                                     to_string(claim_), class_.metadata.name, kMaxFilledBytes));
    if (is_parameter && !is_identity(path)) parameters_.insert_or_assign(piece.field, *value);
    return std::move(*value);
  }

  // The name and the namespace say which object, not what is in it.
  static bool is_identity(const std::string& path) {
    return path == "spec.object.metadata.name" || path == "spec.object.metadata.namespace";
  }

  const ClaimClass& class_;
  const Claim& claim_;
  const ClaimParameters* in_force_;
  ClaimParameters parameters_;
  std::size_t filled_bytes_ = 0;
};

Json key_fields_of(const ClaimClass& claim_class, const Claim& claim) {
  JsonBuilder builder;
  builder.begin_object();
  for (const std::string& field : claim_class.spec.key)
    if (const JsonView value = spec_value(claim, field); value.exists()) builder.key(field).value(value);
    else builder.key(field).null();
  builder.end_object();
  return builder.take();
}

schema::Complaints check_name(const GroupVersionKind& gvk, std::string_view name) {
  if (gvk.group.empty() && gvk.kind == "Namespace") return schema::check_dns1123_label(name);
  if (gvk.group.empty() && gvk.kind == "Service") return schema::check_dns1035_label(name);
  if (gvk.group == "rbac.authorization.k8s.io") return schema::check_path_segment_name(name);
  return schema::check_dns1123_subdomain(name);
}

// A claim's own words first: what a person wrote is what a person can mend.
Status name_fault(const ClaimClass& claim_class, const Claim& claim, std::string_view what, JsonView value,
                  const schema::Complaints& complaints) {
  std::string text(value.string());
  constexpr std::size_t kShown = 80;
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  std::string keys;
  for (const std::string& field : claim_class.spec.key) keys += (keys.empty() ? "" : ", ") + field;
  if (value.is_string() && text.empty())
    return claim_fault(fmt::format("{}: {} is empty: it is the {} of the {} that the claim stands for", to_string(claim),
                                   keys, what, claim_class.spec.object["kind"].string()));
  return claim_fault(fmt::format(
      "{}: {} gives the {} {} {}, which cannot be: {}", to_string(claim), keys,
      claim_class.spec.object["kind"].string(), what,
      value.is_string() ? fmt::format("\"{}\"", text) : fmt::format("as {}", to_string(value.kind())),
      complaints.empty() ? "a string is needed" : complaints.front()));
}

// Placeholders of the string at a path, or what is wrong with it.
Result<std::set<std::string>> fields_of(const ClaimClass& claim_class, JsonView text, std::string_view path) {
  const Result<std::vector<TemplatePiece>> pieces = parse_template_text(text.string());
  if (!pieces.ok()) return class_fault(claim_class, path, pieces.status().message());
  std::set<std::string> fields;
  for (const TemplatePiece& piece : *pieces)
    if (!piece.field.empty()) fields.insert(piece.field);
  return fields;
}

// The default of each field, if it has one: a field has one value throughout an object.
using Defaults = std::map<std::string, std::optional<std::string>>;

Status check_text(const ClaimClass& claim_class, JsonView text, const std::string& path, Defaults& defaults) {
  const Result<std::vector<TemplatePiece>> pieces = parse_template_text(text.string());
  if (!pieces.ok()) return class_fault(claim_class, path, pieces.status().message());
  for (const TemplatePiece& piece : *pieces) {
    if (piece.field.empty()) continue;
    const auto [known, fresh] = defaults.emplace(piece.field, piece.fallback);
    if (fresh || known->second == piece.fallback) continue;
    return class_fault(claim_class, path,
                       fmt::format("{} has another default than elsewhere in the template; a field has one value in "
                                   "an object: give it the same default everywhere", piece.field));
  }
  return {};
}

Status check_texts(const ClaimClass& claim_class, JsonView value, const std::string& path, Defaults& defaults) {
  for (const JsonMember member : value.members()) {
    if (member.key.find("${") != std::string_view::npos)
      return class_fault(claim_class, path, fmt::format("the key \"{}\": claim fields stand in values only", member.key));
    TRY_VOID(check_texts(claim_class, member.value, child_path(path, member.key), defaults));
  }
  std::size_t index = 0;
  for (const JsonView element : value.elements())
    TRY_VOID(check_texts(claim_class, element, element_path(path, index++), defaults));
  return value.is_string() ? check_text(claim_class, value, path, defaults) : Status();
}

Status check_type(const ClaimClass& claim_class) {
  const JsonView object = claim_class.spec.object;
  for (const std::string_view member : {"apiVersion", "kind"}) {
    const std::string path = child_path(kRoot, member);
    if (object[member].string().empty()) return class_fault(claim_class, path, "every object needs it; add it");
    if (has_placeholder(object[member]))
      return class_fault(claim_class, path, "must be plain text: all claims of a class stand for objects of one kind");
  }
  const Result<GroupVersionKind> gvk = parse_api_version(object["apiVersion"].string(), object["kind"].string());
  if (!gvk.ok()) return class_fault(claim_class, "spec.object.apiVersion", gvk.status().message());
  if (GroupKind{gvk->group, gvk->kind} == claim_class.spec.claim.group_kind())
    return class_fault(claim_class, "spec.object.kind",
                       fmt::format("{} is the claims' own kind: a claim cannot stand for another claim of its kind",
                                   gvk->kind));
  return {};
}

// The key alone says which object: two claims with the same key never mean two objects, and none means another
// through a field beside it.
Status check_identity(const ClaimClass& claim_class) {
  const JsonView metadata = claim_class.spec.object["metadata"];
  if (!metadata.is_object())
    return class_fault(claim_class, "spec.object.metadata", "must be an object with a name made of key fields");
  if (metadata["generateName"].exists())
    return class_fault(claim_class, "spec.object.metadata.generateName",
                       "claims find their object by its name: give metadata.name");
  std::set<std::string> used;
  for (const std::string_view member : {"name", "namespace"}) {
    const std::string path = fmt::format("{}.metadata.{}", kRoot, member);
    const JsonView text = metadata[member];
    if (member == "namespace" && !text.exists()) continue;
    if (!text.is_string() || text.string().empty())
      return class_fault(claim_class, path, "must be text, such as ${" + (claim_class.spec.key.empty()
                                                ? std::string("spec.name") : claim_class.spec.key.front()) + "}");
    TRY(const std::set<std::string> fields, fields_of(claim_class, text, path));
    for (const std::string& field : fields) {
      used.insert(field);
      if (field == "metadata.namespace" ||
          std::count(claim_class.spec.key.begin(), claim_class.spec.key.end(), field) != 0)
        continue;
      return class_fault(claim_class, path,
                         fmt::format("${{{}}} is not in spec.key; add it there: the key says which object a claim "
                                     "stands for", field));
    }
  }
  for (const std::string& field : claim_class.spec.key) {
    if (used.contains(field)) continue;
    return class_fault(claim_class, "spec.key",
                       fmt::format("{} is neither in the name nor in the namespace of spec.object; use it there, or "
                                   "take it out of the key", field));
  }
  return {};
}

}  // namespace

Status check_template(const ClaimClass& claim_class) {
  if (!claim_class.spec.object.view().is_object())
    return class_fault(claim_class, kRoot, "the template of the object is missing");
  TRY_VOID(check_type(claim_class));
  Defaults defaults;
  TRY_VOID(check_texts(claim_class, claim_class.spec.object, std::string(kRoot), defaults));
  return check_identity(claim_class);
}

Result<Target> target_of(const ClaimClass& claim_class, const Claim& claim, const ClaimParameters* in_force) {
  TRY_VOID(check_template(claim_class));
  if (!claim.spec.view().is_object())
    return claim_fault(fmt::format("{}: spec is missing; it must say {}", to_string(claim),
                                   fmt::join(claim_class.spec.key, ", ")));
  Filling filling(claim_class, claim, in_force);
  TRY(const Json filled, filling.fill(claim_class.spec.object, std::string(kRoot)));
  if (filled.view().depth() > kMaxJsonDepth)
    return claim_fault(fmt::format("{}: the object that ClaimClass {} makes of it is nested deeper than {}",
                                   to_string(claim), claim_class.metadata.name, kMaxJsonDepth));

  TRY(const GroupVersionKind gvk, parse_api_version(filled["apiVersion"].string(), filled["kind"].string()));
  const JsonView name = filled["metadata"]["name"];
  const schema::Complaints name_complaints = check_name(gvk, name.string());
  if (!name.is_string() || !name_complaints.empty()) return name_fault(claim_class, claim, "name", name, name_complaints);

  Target target;
  target.key = ObjectKey{"local", gvk.group, gvk.kind, "", std::string(name.string())};
  target.api_version = gvk.api_version();
  target.parameters = filling.take_parameters();
  target.key_fields = key_fields_of(claim_class, claim);
  if (gvk.group.empty() && gvk.kind == "Namespace") {
    target.manifest = rewrite(filled, {remove_at({"metadata", "namespace"})});
    return target;
  }
  const JsonView ns = filled["metadata"]["namespace"];
  if (!ns.exists()) {
    target.key.ns = claim.metadata.ns;
  } else {
    const schema::Complaints complaints = schema::check_dns1123_label(ns.string());
    if (!ns.is_string() || !complaints.empty()) return name_fault(claim_class, claim, "namespace", ns, complaints);
    target.key.ns = ns.string();
  }
  target.manifest = rewrite(filled, {set_at({"metadata", "namespace"}, Json::string(target.key.ns))});
  return target;
}

Claim with_key_fields(Claim claim, JsonView key_fields) {
  std::vector<JsonEdit> edits;
  for (const JsonMember member : key_fields.members()) {
    const std::vector<std::string> parts = split_claim_field(member.key);
    JsonPath path(parts.begin() + 1, parts.end());
    edits.push_back(set_at(std::move(path), member.value.to_json()));
  }
  claim.spec = rewrite(claim.spec.view().is_object() ? claim.spec : Json::object(), edits);
  return claim;
}

std::vector<std::string> mismatch(const ClaimParameters& own, const ClaimParameters& in_force) {
  std::set<std::string> fields;
  for (const auto& [field, value] : own) {
    const auto it = in_force.find(field);
    if (it == in_force.end() || !(it->second.view() == value.view())) fields.insert(field);
  }
  for (const auto& [field, value] : in_force)
    if (!own.contains(field)) fields.insert(field);
  return {fields.begin(), fields.end()};
}

}  // namespace heirloom::policies
