#include "apis/claim_class.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apis/field_reader.h"
#include "apis/status_members.h"

namespace heirloom {

namespace {

constexpr std::array<std::string_view, 4> kKnownStatus = {"observedGeneration", "claims", "targets", "conditions"};

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lowered;
}

// One of the words, or the first when there is none.
template <class Enum, std::size_t N>
Enum read_word(FieldReader& reader, JsonView spec, std::string_view key, const std::array<Enum, N>& values) {
  const std::string text = reader.string(spec, key, "spec");
  if (text.empty()) return values.front();
  std::string known;
  for (const Enum value : values) {
    if (text == to_string(value)) return value;
    if (!known.empty()) known += ", ";
    known += to_string(value);
  }
  reader.fail(child_path("spec", key), fmt::format("\"{}\" is none of {}", text, known),
              reasons::kFieldValueNotSupported);
  return values.front();
}

std::int64_t read_limit(FieldReader& reader, JsonView parent, std::string_view key, std::string_view path) {
  const std::int64_t value = reader.int64(parent, key, path);
  if (value < 0) reader.fail(child_path(path, key), fmt::format("{} is negative", value));
  return std::max<std::int64_t>(value, 0);
}

ClaimKind decode_claim_kind(FieldReader& reader, JsonView json) {
  constexpr std::string_view kPath = "spec.claim";
  ClaimKind claim;
  claim.group = reader.string(json, "group", kPath);
  claim.version = reader.string(json, "version", kPath);
  claim.kind = reader.string(json, "kind", kPath);
  claim.plural = reader.string(json, "plural", kPath);
  claim.singular = reader.string(json, "singular", kPath);
  claim.short_names = reader.strings(json, "shortNames", kPath);
  if (const JsonView schema = reader.object(json, "schema", kPath); schema.exists()) claim.schema = schema.to_json();
  if (claim.plural.empty() && !claim.kind.empty()) claim.plural = lower(claim.kind) + "s";
  if (claim.singular.empty()) claim.singular = lower(claim.kind);
  return claim;
}

}  // namespace

std::string_view to_string(WhenEmpty when_empty) {
  switch (when_empty) {
    case WhenEmpty::Delete: return "Delete";
    case WhenEmpty::Retain: return "Retain";
    case WhenEmpty::Orphan: return "Orphan";
  }
  return "";
}

std::string_view to_string(Adoption adoption) { return adoption == Adoption::Never ? "Never" : "IfUnowned"; }

std::string_view to_string(OnMismatch on_mismatch) {
  return on_mismatch == OnMismatch::FirstWins ? "FirstWins" : "Reject";
}

SharerKey ClaimClass::key() const {
  return {fmt::format("{}.{}", kClaimClassPlural, kClaimClassGroup), "", metadata.name};
}

Result<ClaimClass> decode_claim_class(JsonView object) {
  ClaimClass decoded;
  decoded.metadata = decode_metadata(object);
  FieldReader reader;
  const JsonView spec = reader.object(object, "spec", "");
  ClaimClassSpec& out = decoded.spec;
  out.claim = decode_claim_kind(reader, reader.object(spec, "claim", "spec"));
  out.key = reader.strings(spec, "key", "spec");
  if (const JsonView object_template = reader.object(spec, "object", "spec"); object_template.exists())
    out.object = object_template.to_json();
  out.when_empty =
      read_word(reader, spec, "whenEmpty", std::array{WhenEmpty::Delete, WhenEmpty::Retain, WhenEmpty::Orphan});
  out.retain_seconds = read_limit(reader, spec, "retainSeconds", "spec");
  out.adoption = read_word(reader, spec, "adoption", std::array{Adoption::Never, Adoption::IfUnowned});
  out.on_mismatch = read_word(reader, spec, "onMismatch", std::array{OnMismatch::FirstWins, OnMismatch::Reject});
  out.allowed_namespaces = reader.strings(spec, "allowedNamespaces", "spec");
  out.protected_names = reader.strings(spec, "protectedNames", "spec");
  const JsonView limits = reader.object(spec, "limits", "spec");
  out.claims_per_target = read_limit(reader, limits, "claimsPerTarget", "spec.limits");
  out.claims_per_namespace = read_limit(reader, limits, "claimsPerNamespace", "spec.limits");
  decoded.status = decode_claim_class_status(object["status"]);
  TRY_VOID(reader.status("ClaimClass " + decoded.metadata.name));
  return decoded;
}

ClaimClassStatus decode_claim_class_status(JsonView json) {
  ClaimClassStatus status;
  status.observed_generation = json["observedGeneration"].int64();
  status.claims = json["claims"].int64();
  status.targets = json["targets"].int64();
  status.conditions = decode_conditions(json["conditions"]);
  status.other = other_members(json, kKnownStatus);
  return status;
}

Json encode_claim_class_status(const ClaimClassStatus& status) {
  JsonBuilder builder;
  builder.begin_object();
  if (status.observed_generation != 0) builder.member("observedGeneration", status.observed_generation);
  builder.member("claims", status.claims).member("targets", status.targets);
  encode_conditions(builder, status.conditions);
  for (const auto& [key, value] : status.other) builder.member(key, value);
  builder.end_object();
  return builder.take();
}

std::string format_claim_parameters(const ClaimParameters& parameters) {
  JsonBuilder builder;
  builder.begin_object();
  for (const auto& [field, value] : parameters) builder.member(field, value);
  builder.end_object();
  return write_json(builder.take());
}

std::optional<ClaimParameters> parse_claim_parameters(std::string_view annotation) {
  const Result<Json> parsed = Json::parse(annotation);
  if (!parsed.ok() || !parsed->view().is_object()) return std::nullopt;
  ClaimParameters parameters;
  for (const JsonMember member : parsed->view().members())
    parameters.emplace(member.key, member.value.to_json());
  return parameters;
}

}  // namespace heirloom
