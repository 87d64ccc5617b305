#include "apis/promise.h"

#include <array>

#include <fmt/format.h>

#include "apis/field_reader.h"
#include "apis/labels.h"
#include "apis/status_members.h"

namespace heirloom {

namespace {

constexpr std::array<std::string_view, 6> kKnownStatus = {"status",  "kind",               "apiVersion",
                                                          "version", "observedGeneration", "conditions"};

// Pipelines are documents of a free kind in four lists; what has no name is named by its place.
std::vector<std::string> pipelines_of(JsonView workflows) {
  std::vector<std::string> pipelines;
  for (const std::string_view about : {"promise", "resource"}) {
    for (const std::string_view action : {"configure", "delete"}) {
      std::size_t index = 0;
      for (const JsonView pipeline : workflows[about][action].elements()) {
        const std::string_view name = pipeline["metadata"]["name"].string();
        pipelines.push_back(name.empty() ? fmt::format("{}.{}: pipeline {}", about, action, index)
                                         : fmt::format("{}.{}: {}", about, action, name));
        ++index;
      }
    }
  }
  return pipelines;
}

}  // namespace

std::string_view Promise::version() const { return metadata.label(labels::kKratixPromiseVersion); }

Result<Promise> decode_promise(JsonView object) {
  Promise promise;
  promise.metadata = decode_metadata(object);
  FieldReader reader;
  const JsonView spec = object["spec"];
  if (const JsonView api = reader.object(spec, "api", "spec"); api.exists()) promise.definition = api.to_json();
  promise.pipelines = pipelines_of(spec["workflows"]);
  promise.dependencies = spec["dependencies"].size();
  for (const JsonView required : spec["requiredPromises"].elements())
    promise.required.push_back({std::string(required["name"].string()), std::string(required["version"].string())});
  promise.status = decode_promise_status(object["status"]);
  TRY_VOID(reader.status("Promise " + promise.metadata.name));
  return promise;
}

PromiseStatus decode_promise_status(JsonView json) {
  PromiseStatus status;
  status.status = json["status"].string();
  status.kind = json["kind"].string();
  status.api_version = json["apiVersion"].string();
  status.version = json["version"].string();
  status.observed_generation = json["observedGeneration"].int64();
  status.conditions = decode_conditions(json["conditions"]);
  status.other = other_members(json, kKnownStatus);
  return status;
}

Json encode_promise_status(const PromiseStatus& status) {
  JsonBuilder builder;
  builder.begin_object();
  builder.member_unless_empty("status", status.status);
  builder.member_unless_empty("kind", status.kind);
  builder.member_unless_empty("apiVersion", status.api_version);
  builder.member_unless_empty("version", status.version);
  if (status.observed_generation != 0) builder.member("observedGeneration", status.observed_generation);
  encode_conditions(builder, status.conditions);
  for (const auto& [key, value] : status.other) builder.member(key, value);
  builder.end_object();
  return builder.take();
}

}  // namespace heirloom
