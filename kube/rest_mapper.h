// RestMapper: kind -> resource, from the server's discovery documents, read lazily per group and version and
// kept.
//
// Two failures that must never be confused: "the kind is unknown" (discovery of its group worked and does not
// list it) and "discovery failed" (we know nothing). is_kind_unknown(status) tells; everything else is the
// latter. Source: Kubernetes API discovery (/api, /apis/<group>, /apis/<group>/<version>).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kube/api.h"

namespace heirloom::kube {

struct ResourceInfo {
  GroupVersionResource resource;
  GroupVersionKind kind;
  bool namespaced = false;
  std::vector<std::string> verbs;         // get, list, watch, create, ...
  std::vector<std::string> subresources;  // status, scale, ...
  bool can(std::string_view verb) const;
};

// 404 with a cause of this reason.
inline constexpr std::string_view kKindUnknown = "KindUnknown";
bool is_kind_unknown(const Status& status);
// A 404 that names no object comes from no kind's handler: the kind's definition is gone, or it is not served any more.
// What the mapper knows of its group is to be invalidated.
bool says_kind_is_gone(const Status& status);

struct RestMapperOptions {
  // A kind that the kept document does not list is looked for again, but the same document not more often
  // than this.
  Duration min_refresh = std::chrono::seconds(5);
  Duration max_age = std::chrono::minutes(10);  // kept documents are read again after this
};

// The resources of one /api/v1 or /apis/<group>/<version> document (an APIResourceList). Pure.
std::vector<ResourceInfo> parse_resource_list(JsonView document, const std::string& group,
                                              const std::string& version);

class RestMapper {
 public:
  RestMapper(Executor executor, Api* api, Clock* clock, RestMapperOptions options = RestMapperOptions());
  ~RestMapper();

  // The resource that serves exactly this version of the kind.
  Task<Result<ResourceInfo>> resource_for(GroupVersionKind kind);
  // In the group's preferred version, or else the first of its versions that serves the kind.
  Task<Result<ResourceInfo>> preferred_resource_for(GroupKind kind);
  // True only when discovery of the group, begun after this call, succeeded and no version of it serves the
  // kind.
  Task<Result<bool>> is_gone(GroupKind kind);
  // Every resource that is served, each kind once: in its group's preferred version, or else the first that serves it.
  // Read now, some thirty requests; an error when any part of it cannot be read.
  Task<Result<std::vector<ResourceInfo>>> all_resources();
  // Every version of the group is read again at its next use: call on a 404 for a whole collection, and when
  // a CustomResourceDefinition or APIService changes. An empty group is the core group.
  void invalidate(std::string group);
  void invalidate_all();

  std::uint64_t requests() const;  // discovery requests sent so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heirloom::kube
