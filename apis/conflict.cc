#include "apis/conflict.h"

namespace heirloom {

namespace {

void strings(JsonBuilder& builder, std::string_view key, const std::vector<std::string>& values) {
  builder.key(key).begin_array();
  for (const std::string& value : values) builder.string(value);
  builder.end_array();
}

std::vector<std::string> strings(JsonView json) {
  std::vector<std::string> values;
  for (const JsonView value : json.elements()) values.emplace_back(value.string());
  return values;
}

}  // namespace

Json encode_conflict(const Conflict& conflict) {
  JsonBuilder builder;
  builder.begin_object().key("resource").begin_object();
  builder.member("apiVersion", conflict.api_version).member("kind", conflict.kind);
  builder.member_unless_empty("namespace", conflict.ns).member("name", conflict.name);
  builder.end_object();
  builder.member("reason", conflict.reason).member_unless_empty("owner", conflict.owner);
  strings(builder, "sharers", conflict.sharers);
  if (!conflict.differences.empty()) strings(builder, "differences", conflict.differences);
  builder.member("message", conflict.message).member_unless_empty("fix", conflict.fix);
  builder.end_object();
  return builder.take();
}

Conflict decode_conflict(JsonView json) {
  const JsonView resource = json["resource"];
  Conflict conflict;
  conflict.api_version = resource["apiVersion"].string();
  conflict.kind = resource["kind"].string();
  conflict.ns = resource["namespace"].string();
  conflict.name = resource["name"].string();
  conflict.reason = json["reason"].string();
  conflict.owner = json["owner"].string();
  conflict.sharers = strings(json["sharers"]);
  conflict.differences = strings(json["differences"]);
  conflict.message = json["message"].string();
  conflict.fix = json["fix"].string();
  return conflict;
}

}  // namespace heirloom
