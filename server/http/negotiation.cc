#include "server/http/negotiation.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <fmt/format.h>

#include "apis/builtin_protobuf.h"
#include "base/yaml.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kYaml = "application/yaml";
constexpr std::size_t kMaxRanges = 32;

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

std::string_view take_until(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto head = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trim(head);
}

// What one media range asks for; nullopt when we do not have it.
std::optional<Accepted> serve(std::string_view range) {
  const auto type = take_until(range, ';');
  Accepted accepted;
  if (type == kYaml || type == "application/x-yaml" || type == "text/yaml") {
    accepted.encoding = Encoding::Yaml;
  } else if (type != kJson && type != "*/*" && type != "application/*") {
    return std::nullopt;
  }
  std::string_view as;
  std::string_view group = "meta.k8s.io";
  std::string_view version = "v1";
  while (!range.empty()) {
    auto parameter = take_until(range, ';');
    const auto name = take_until(parameter, '=');
    if (name == "as") as = parameter;
    if (name == "g") group = parameter;
    if (name == "v") version = parameter;
  }
  if (as.empty()) return accepted;
  if (group != "meta.k8s.io" || (version != "v1" && version != "v1beta1")) return std::nullopt;
  accepted.rendering.meta_version = std::string(version);
  if (as == "Table") {
    accepted.rendering.shape = Shape::Table;
  } else if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") {
    accepted.rendering.shape = Shape::PartialMetadata;
  } else {
    return std::nullopt;
  }
  return accepted;
}

Status unsupported(std::string_view accepted) {
  return {415, reasons::kUnsupportedMediaType,
          fmt::format("the body of the request was in an unknown format - accepted media types include: {}",
                      accepted)};
}

}  // namespace

Result<Accepted> negotiate(std::string_view accept) {
  if (trim(accept).empty()) return Accepted();
  std::size_t ranges = 0;
  while (!accept.empty() && ranges++ < kMaxRanges) {
    if (auto served = serve(take_until(accept, ','))) return *served;
  }
  return Status(406, reasons::kNotAcceptable,
                "only the following media types are accepted: application/json, application/yaml");
}

std::string media_type(std::string_view content_type) {
  std::string out(trim(content_type.substr(0, content_type.find(';'))));
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Result<Json> parse_body(std::string_view content_type, std::string_view body, std::string_view kind_hint) {
  const auto type = media_type(content_type);
  if (type == kProtobufMediaType) return read_protobuf_object(body);
  const bool yaml = type == kYaml || type == "application/x-yaml" || type == "text/yaml" ||
                    type == "application/apply-patch+yaml";
  const bool json = type.empty() || type == kJson || type.ends_with("+json");
  if (!yaml && !json) return unsupported("application/json, application/yaml");
  auto parsed = yaml ? parse_yaml(body) : Json::parse(body);
  if (parsed.ok()) return parsed;
  return bad_request(fmt::format("the object provided is unrecognized (must be of type {}): {}", kind_hint,
                                 parsed.status().message()));
}

Result<PatchKind> parse_patch_kind(std::string_view content_type) {
  const auto type = media_type(content_type);
  if (type == "application/merge-patch+json") return PatchKind::Merge;
  if (type == "application/json-patch+json") return PatchKind::Json;
  if (type == "application/strategic-merge-patch+json") return PatchKind::Strategic;
  if (type == "application/apply-patch+yaml") return PatchKind::Apply;
  return unsupported(
      "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json");
}

}  // namespace heirloom::server
