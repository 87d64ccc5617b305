// platform.kratix.io/v1alpha1 Promise: what we read of one. The claim kind it embeds is installed; pipelines are named,
// not run.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/condition.h"
#include "apis/object_meta.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom {

inline constexpr std::string_view kPromiseGroup = "platform.kratix.io";
inline constexpr std::string_view kPromiseVersion = "v1alpha1";
inline constexpr std::string_view kPromiseApiVersion = "platform.kratix.io/v1alpha1";
inline constexpr std::string_view kPromiseKind = "Promise";
inline constexpr std::string_view kPromisePlural = "promises";

struct RequiredPromise {
  std::string name;
  std::string version;
  bool operator==(const RequiredPromise&) const = default;
};

struct PromiseStatus {
  std::string status;  // "Available", "Unavailable"
  std::string kind;
  std::string api_version;
  std::string version;
  std::int64_t observed_generation = 0;
  std::vector<Condition> conditions;
  std::map<std::string, Json> other;  // members of other writers and versions, carried unchanged
  bool operator==(const PromiseStatus&) const = default;
};

struct Promise {
  ObjectMeta metadata;
  Json definition;                     // spec.api, a CustomResourceDefinition as written; null when absent
  std::vector<std::string> pipelines;  // "resource.configure: claim-ensure"
  std::size_t dependencies = 0;        // spec.dependencies: static manifests for destinations
  std::vector<RequiredPromise> required;
  PromiseStatus status;
  std::string_view version() const;  // label kratix.io/promise-version
  bool operator==(const Promise&) const = default;
};

// Lenient where Kratix carries free content. Error: Invalid when spec.api is there and is no object.
Result<Promise> decode_promise(JsonView object);

PromiseStatus decode_promise_status(JsonView status);  // lenient
Json encode_promise_status(const PromiseStatus& status);

}  // namespace heirloom
