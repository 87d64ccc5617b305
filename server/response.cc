#include "server/response.h"

namespace heirloom::server {
namespace {

void write_details(JsonBuilder& out, const StatusDetails& details) {
  out.begin_object();
  out.member_unless_empty("name", details.name);
  out.member_unless_empty("group", details.group);
  out.member_unless_empty("kind", details.kind);
  out.member_unless_empty("uid", details.uid);
  if (!details.causes.empty()) {
    out.key("causes").begin_array();
    for (const auto& cause : details.causes) {
      out.begin_object();
      out.member_unless_empty("reason", cause.reason);
      out.member_unless_empty("message", cause.message);
      out.member_unless_empty("field", cause.field);
      out.end_object();
    }
    out.end_array();
  }
  if (details.retry_after_seconds > 0) out.member("retryAfterSeconds", details.retry_after_seconds);
  out.end_object();
}

void append_member(std::string& out, std::string_view key, JsonView value) {
  if (out.back() != '{') out += ',';
  write_json(Json::string(key), out);
  out += ':';
  write_json(value, out);
}

void append_bare(std::string& out, const Json& item) {
  out += '{';
  for (const auto& member : item.view().members()) {
    if (member.key != "apiVersion" && member.key != "kind") append_member(out, member.key, member.value);
  }
  out += '}';
}

}  // namespace

std::string write_list(const ListContent& list) {
  JsonBuilder head;
  head.begin_object().member("resourceVersion", list.resource_version);
  head.member_unless_empty("continue", list.continue_token);
  if (list.remaining) head.member("remainingItemCount", *list.remaining);
  head.end_object();
  const Json metadata = head.take();
  std::string out = "{";
  append_member(out, "kind", Json::string(list.kind));
  append_member(out, "apiVersion", Json::string(list.api_version));
  append_member(out, "metadata", metadata);
  out += ",\"items\":[";
  bool first = true;
  for (const auto& item : list.items) {
    if (!first) out += ',';
    first = false;
    if (list.bare_items) {
      append_bare(out, item);
    } else {
      write_json(item, out);
    }
  }
  out += "]}";
  return out;
}

Json to_wire(const Status& status) {
  JsonBuilder out;
  out.begin_object().member("kind", "Status").member("apiVersion", "v1");
  out.key("metadata").begin_object().end_object();
  out.member("status", status.ok() ? "Success" : "Failure");
  out.member_unless_empty("message", status.message());
  out.member_unless_empty("reason", status.reason());
  if (status.details() != StatusDetails{}) {
    out.key("details");
    write_details(out, status.details());
  }
  // A success Status carries no code on the wire unless it was created (meta/v1 Status of a delete).
  if (!status.ok()) out.member("code", status.code());
  out.end_object();
  return out.take();
}

}  // namespace heirloom::server
