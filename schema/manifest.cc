// What of a manifest counts: normalized_manifest.
#include <algorithm>
#include <string>

#include "base/base64.h"
#include "schema/three_way.h"

namespace heirloom::schema {

namespace {

// Set by the API server; whatever a manifest says about them is not meant (kubectl get -o yaml | kubectl
// apply -f -).
constexpr std::string_view kServerMetadata[] = {"uid",
                                                "resourceVersion",
                                                "generation",
                                                "creationTimestamp",
                                                "deletionTimestamp",
                                                "deletionGracePeriodSeconds",
                                                "selfLink",
                                                "managedFields"};

bool is_server_metadata(std::string_view key) {
  return std::find(std::begin(kServerMetadata), std::end(kServerMetadata), key) != std::end(kServerMetadata);
}

// An element of a list stays even if it is null: its place counts.
void write_value(JsonView value, JsonBuilder& out) {
  if (value.is_object()) {
    out.begin_object();
    for (const JsonMember member : value.members()) {
      if (member.value.is_null()) continue;
      out.key(member.key);
      write_value(member.value, out);
    }
    out.end_object();
  } else if (value.is_array()) {
    out.begin_array();
    for (const JsonView element : value.elements()) write_value(element, out);
    out.end_array();
  } else {
    out.value(value);
  }
}

void write_metadata(JsonView metadata, JsonBuilder& out) {
  out.begin_object();
  for (const JsonMember member : metadata.members()) {
    if (member.value.is_null() || is_server_metadata(member.key)) continue;
    out.key(member.key);
    write_value(member.value, out);
  }
  out.end_object();
}

// data with stringData folded in: the latter wins, as the API server has it.
void write_secret_data(JsonView data, JsonView strings, JsonBuilder& out) {
  out.begin_object();
  for (const JsonMember member : data.members())
    if (!strings.contains(member.key) && !member.value.is_null()) out.member(member.key, member.value);
  for (const JsonMember member : strings.members())
    if (!member.value.is_null()) out.member(member.key, encode_base64(member.value.string()));
  out.end_object();
}

}  // namespace

Json normalized_manifest(JsonView manifest) {
  const bool secret = manifest["kind"].string() == "Secret" && manifest["apiVersion"].string() == "v1";
  const JsonView strings = secret ? manifest["stringData"] : JsonView();
  JsonBuilder out;
  out.begin_object();
  for (const JsonMember member : manifest.members()) {
    if (member.value.is_null() || member.key == "status") continue;
    if (strings.is_object() && (member.key == "data" || member.key == "stringData")) continue;
    out.key(member.key);
    if (member.key == "metadata")
      write_metadata(member.value, out);
    else
      write_value(member.value, out);
  }
  if (strings.is_object()) {
    out.key("data");
    write_secret_data(manifest["data"], strings, out);
  }
  out.end_object();
  return out.take();
}

}  // namespace heirloom::schema
