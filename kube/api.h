// kube::Api: one cluster, one identity, ONE ATTEMPT. The seam between everything that decides and any
// Kubernetes API server: over HTTP(S) (kube/http_api.h) or in process (server/local_api.h). Retries,
// Retry-After, back-off and the concurrency window are one decorator above (kube/retry.h); faults are
// injected beneath it.
//
// Errors are the server's Status, or Unreachable (nothing or something may have been sent) and Timeout (504:
// the outcome of a write is unknown). Cancelling the task unwinds with operation_aborted. Source of the
// semantics: Kubernetes API concepts (resourceVersion, watch bookmarks, dry run, preconditions).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apis/resource_names.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "base/task.h"

namespace heirloom::kube {

// A set of objects: /api/v1/namespaces/{ns}/configmaps, or all namespaces (ns empty), or a cluster-scoped
// resource.
struct Collection {
  GroupVersionResource resource;
  std::string ns;
  auto operator<=>(const Collection&) const = default;
};

struct ObjectRef {
  GroupVersionResource resource;
  std::string ns;
  std::string name;
  Collection collection() const { return {resource, ns}; }
  auto operator<=>(const ObjectRef&) const = default;
};

// Who asks, when it is not the client itself (Impersonate-User, Impersonate-Group).
struct Impersonation {
  std::string user;  // e.g. system:serviceaccount:team-a:deployer; empty: nobody
  std::vector<std::string> groups;
  bool operator==(const Impersonation&) const = default;
};

struct CallOptions {
  Impersonation impersonate;
  std::optional<MonotonicTime> deadline;  // default: the implementation's per-verb timeout
};

struct GetOptions : CallOptions {
  std::string subresource;
  std::string resource_version;  // "" = most recent; "0" = any cached state
};

struct ListOptions : CallOptions {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;  // "" = most recent; else not older than this; "0" = any cached state
  int limit = 0;                 // page size; 0 = everything in one page
  std::string continue_token;
  bool metadata_only = false;  // PartialObjectMetadataList
};

struct ListPage {
  std::vector<Json> items;  // each with apiVersion and kind, as GET would give it
  std::string resource_version;
  std::string continue_token;  // "" on the last page
};

struct WatchOptions : CallOptions {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;
  bool bookmarks = true;
  bool metadata_only = false;
  Duration timeout = std::chrono::minutes(5);  // the server ends the watch then (timeoutSeconds)
};

struct WatchEvent {
  enum class Type { Added, Modified, Deleted, Bookmark };
  Type type;
  Json object;
};

class Watch {
 public:
  virtual ~Watch() = default;
  // The next event; nullopt when the server ended the stream in good order (resume from the last
  // resourceVersion); an ERROR event or a broken stream is the Status (410: list again).
  virtual Task<Result<std::optional<WatchEvent>>> next() = 0;
};

struct WriteOptions : CallOptions {
  std::string subresource;
  bool dry_run = false;
  std::string field_manager = "heirloom";
  bool force = false;  // PatchType::Apply: take fields over from other managers
};

enum class PatchType { Merge, Json, Strategic, Apply };

enum class Propagation { Background, Foreground, Orphan };

struct RemoveOptions : CallOptions {
  Propagation propagation = Propagation::Background;  // always sent explicitly
  std::string uid;                                    // precondition; "" = none
  std::string resource_version;                       // precondition; "" = none
  bool dry_run = false;
};

// For discovery and health endpoints. Any answer of the server, errors included, is a RawResponse.
struct RawRequest : CallOptions {
  std::string method = "GET";
  std::string path;  // with query
  std::string accept = "application/json";
  std::string body;
};

struct RawResponse {
  int code = 0;
  std::string content_type;
  std::string body;
};

class Api {
 public:
  virtual ~Api() = default;
  virtual Task<Result<Json>> get(ObjectRef ref, GetOptions options) = 0;
  virtual Task<Result<ListPage>> list(Collection collection, ListOptions options) = 0;
  virtual Task<Result<std::unique_ptr<Watch>>> watch(Collection collection, WatchOptions options) = 0;
  virtual Task<Result<Json>> create(Collection collection, Json body, WriteOptions options) = 0;
  virtual Task<Result<Json>> update(ObjectRef ref, Json body, WriteOptions options) = 0;
  // With PatchType::Merge a metadata.resourceVersion inside the patch is the compare-and-swap guard.
  virtual Task<Result<Json>> patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) = 0;
  // The object when it stays (finalizers, foreground), otherwise the server's success Status as Json.
  virtual Task<Result<Json>> remove(ObjectRef ref, RemoveOptions options) = 0;
  virtual Task<Result<RawResponse>> raw(RawRequest request) = 0;
};

}  // namespace heirloom::kube
