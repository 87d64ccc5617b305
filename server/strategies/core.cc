// Namespace, ConfigMap, Secret, Event, PersistentVolumeClaim.
// Source of the rules: kubernetes/pkg/apis/core validation, as a real server answers.
#include <algorithm>
#include <vector>

#include "base/base64.h"
#include "server/strategies/strategies.h"

namespace heirloom::server::strategies {
namespace {

constexpr std::size_t kMaxDataBytes = 1024 * 1024;
constexpr std::string_view kConfigKeyRule =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    "'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

JsonPath path(std::initializer_list<std::string_view> steps) {
  JsonPath out;
  for (const auto step : steps) out.emplace_back(std::string(step));
  return out;
}

// --- Namespace ---

bool contains_text(JsonView list, std::string_view text) {
  for (const auto& element : list.elements()) {
    if (element.string() == text) return true;
  }
  return false;
}

// spec.finalizers always starts with the server's own; it goes by /finalize only.
Json prepare_namespace(const Json& object) {
  JsonBuilder list;
  list.begin_array();
  for (const auto& finalizer : object.view()["spec"]["finalizers"].elements()) list.value(finalizer);
  if (!contains_text(object.view()["spec"]["finalizers"], "kubernetes")) list.string("kubernetes");
  list.end_array();
  return rewrite(object, {set_at(path({"spec", "finalizers"}), list.take()),
                          set_at(path({"status"}), Json::object({{"phase", "Active"}}))});
}

Json keep_namespace_spec(const Json& object, const Json& old) {
  const JsonView spec = old.view()["spec"];
  if (!spec.exists()) return rewrite(object, {remove_at(path({"spec"}))});
  return rewrite(object, {set_at(path({"spec"}), spec.to_json())});
}

std::string_view refuse_namespace(JsonView object) {
  const auto name = object["metadata"]["name"].string();
  const bool system = name == "default" || name == "kube-system" || name == "kube-public";
  return system ? "this namespace may not be deleted" : "";
}

// --- ConfigMap and Secret ---

bool is_config_key(std::string_view key) {
  if (key.empty() || key.size() > 253 || key == "." || key == ".." || key.starts_with("..")) return false;
  return std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

void check_key(std::string_view map, std::string_view key, schema::FieldErrors& errors) {
  if (is_config_key(key)) return;
  const auto at = schema::key_path(map, key);
  if (key.size() > 253) {
    errors.push_back(schema::invalid_value(at, key, "must be no more than 253 characters"));
  } else if (key == ".") {
    errors.push_back(schema::invalid_value(at, key, "must not be '.'"));
  } else if (key == "..") {
    errors.push_back(schema::invalid_value(at, key, "must not be '..'"));
  } else if (key.starts_with("..")) {
    errors.push_back(schema::invalid_value(at, key, "must not start with '..'"));
  } else {
    errors.push_back(schema::invalid_value(at, key, kConfigKeyRule));
  }
}

std::size_t decoded_size(std::string_view base64) {
  const auto bytes = decode_base64(base64);
  return bytes.ok() ? bytes->size() : base64.size();
}

void validate_config_map(JsonView object, schema::FieldErrors& errors) {
  std::size_t total = 0;
  for (const auto& member : object["data"].members()) {
    check_key("data", member.key, errors);
    if (object["binaryData"].contains(member.key)) {
      errors.push_back(schema::invalid_value(schema::key_path("data", member.key), member.key,
                                             "duplicate of key present in binaryData"));
    }
    total += member.value.string().size();
  }
  for (const auto& member : object["binaryData"].members()) {
    check_key("binaryData", member.key, errors);
    total += decoded_size(member.value.string());
  }
  if (total > kMaxDataBytes) errors.push_back(schema::too_long_value("[]", kMaxDataBytes));
}

void check_immutable(JsonView object, JsonView old, std::initializer_list<std::string_view> fields,
                     schema::FieldErrors& errors) {
  if (!old["immutable"].boolean()) return;
  constexpr std::string_view kWhy = "field is immutable when `immutable` is set";
  if (!object["immutable"].boolean()) errors.push_back(schema::forbidden_value("immutable", kWhy));
  for (const auto field : fields) {
    if (object[field] != old[field]) errors.push_back(schema::forbidden_value(std::string(field), kWhy));
  }
}

void validate_config_map_update(JsonView object, JsonView old, schema::FieldErrors& errors) {
  check_immutable(object, old, {"data", "binaryData"}, errors);
  validate_config_map(object, errors);
}

// stringData is written, never read: it overrides data.
Json prepare_secret(const Json& object) {
  const JsonView plain = object.view()["stringData"];
  std::vector<JsonEdit> edits;
  if (plain.exists()) {
    for (const auto& member : plain.members()) {
      JsonPath at = path({"data"});
      at.emplace_back(std::string(member.key));
      edits.push_back(set_at(std::move(at), Json::string(encode_base64(member.value.string()))));
    }
    edits.push_back(remove_at(path({"stringData"})));
  }
  if (object.view()["type"].string().empty()) edits.push_back(set_at(path({"type"}), Json::string("Opaque")));
  return edits.empty() ? object : rewrite(object, edits);
}

Json prepare_secret_update(const Json& object, const Json& old) {
  const Json prepared = prepare_secret(object);
  // An update that leaves the type out keeps it.
  if (!object.view()["type"].string().empty() && object.view()["type"].string() != "Opaque") return prepared;
  if (object.view()["type"].string() == "Opaque") return prepared;
  return rewrite(prepared, {set_at(path({"type"}), old.view()["type"].to_json())});
}

void require_key(JsonView object, std::string_view key, schema::FieldErrors& errors) {
  if (!object["data"].contains(key)) errors.push_back(schema::required_value(schema::key_path("data", key)));
}

void validate_secret(JsonView object, schema::FieldErrors& errors) {
  std::size_t total = 0;
  for (const auto& member : object["data"].members()) {
    check_key("data", member.key, errors);
    total += decoded_size(member.value.string());
  }
  if (total > kMaxDataBytes) errors.push_back(schema::too_long_value("data", kMaxDataBytes));
  const auto type = object["type"].string();
  if (type == "kubernetes.io/tls") {
    require_key(object, "tls.crt", errors);
    require_key(object, "tls.key", errors);
  } else if (type == "kubernetes.io/dockerconfigjson") {
    require_key(object, ".dockerconfigjson", errors);
    const auto config = decode_base64(object["data"][".dockerconfigjson"].string());
    if (object["data"].contains(".dockerconfigjson") && (!config.ok() || !Json::parse(*config).ok())) {
      errors.push_back(schema::invalid_value("data[.dockerconfigjson]", "<secret contents redacted>",
                                             "unexpected end of JSON input"));
    }
  } else if (type == "kubernetes.io/ssh-auth") {
    require_key(object, "ssh-privatekey", errors);
  } else if (type == "kubernetes.io/basic-auth") {
    if (!object["data"].contains("username") && !object["data"].contains("password")) {
      errors.push_back(schema::required_value("data[%username]"));
      errors.push_back(schema::required_value("data[%password]"));
    }
  } else if (type == "kubernetes.io/service-account-token") {
    if (object["metadata"]["annotations"]["kubernetes.io/service-account.name"].string().empty()) {
      errors.push_back(schema::required_value("metadata.annotations[kubernetes.io/service-account.name]"));
    }
  }
}

void validate_secret_update(JsonView object, JsonView old, schema::FieldErrors& errors) {
  if (object["type"] != old["type"]) {
    errors.push_back(schema::invalid_value("type", object["type"], "field is immutable"));
  }
  check_immutable(object, old, {"data"}, errors);
  validate_secret(object, errors);
}

// --- Event: its namespace is that of what it is about ---

schema::Complaints any_name(std::string_view) { return {}; }

void validate_event(JsonView object, schema::FieldErrors& errors) {
  const auto about = object["involvedObject"]["namespace"].string();
  const auto ns = object["metadata"]["namespace"].string();
  // What has no namespace is told of in "default".
  if (about == ns || (about.empty() && ns == "default")) return;
  errors.push_back(
      schema::invalid_value("involvedObject.namespace", about, "does not match event.namespace"));
}

// --- PersistentVolumeClaim: a record; nothing binds volumes here ---

Json prepare_claim(const Json& object) {
  return rewrite(object, {set_at(path({"status"}), Json::object({{"phase", "Pending"}}))});
}

}  // namespace

const Strategy kNamespace = [] {
  Strategy strategy;
  strategy.name_check = schema::check_dns1123_label;
  strategy.delete_collection = false;
  strategy.prepare_create = prepare_namespace;
  strategy.prepare_update = keep_namespace_spec;
  strategy.refuse_delete = refuse_namespace;
  return strategy;
}();

const Strategy kConfigMap = [] {
  Strategy strategy;
  strategy.validate_create = validate_config_map;
  strategy.validate_update = validate_config_map_update;
  return strategy;
}();

const Strategy kSecret = [] {
  Strategy strategy;
  strategy.prepare_create = prepare_secret;
  strategy.prepare_update = prepare_secret_update;
  strategy.validate_create = validate_secret;
  strategy.validate_update = validate_secret_update;
  return strategy;
}();

const Strategy kEvent = [] {
  Strategy strategy;
  strategy.name_check = any_name;
  strategy.validate_create = validate_event;
  strategy.create_on_update = true;
  return strategy;
}();

const Strategy kPersistentVolumeClaim = [] {
  Strategy strategy;
  strategy.prepare_create = prepare_claim;
  return strategy;
}();

}  // namespace heirloom::server::strategies
