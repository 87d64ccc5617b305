// Request: one call on a resource, parsed, free of any transport. The HTTP front end and the in-process API
// both make these; everything behind is shared.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace heirloom::server {

enum class Verb { Get, List, Watch, Create, Update, Patch, Delete, DeleteCollection };
// RBAC's word for it: "get", "deletecollection".
std::string_view to_string(Verb verb);

enum class PatchKind { Merge, Json, Strategic, Apply };

// Who asks. Holders of the server's token or of a client certificate it signed are administrators; anyone
// else (impersonated users, service accounts) may do what RBAC objects allow.
struct Identity {
  std::string user;
  std::vector<std::string> groups;
  bool admin() const;          // a member of system:masters
  bool authenticated() const;  // a member of system:authenticated
};
Identity admin_identity();
Identity anonymous_identity();  // system:anonymous
// The groups of an impersonated user: those asked for, system:authenticated, and a service account's own.
std::vector<std::string> impersonated_groups(std::string_view user, std::vector<std::string> asked);

// How the answer is to be shaped (Accept: ...;as=Table;g=meta.k8s.io;v=v1).
enum class Shape { Object, Table, PartialMetadata };

struct Rendering {
  Shape shape = Shape::Object;
  std::string meta_version = "v1";  // of Table and PartialObjectMetadata
  std::string include_object;       // of Table: "", None, Metadata, Object
};

struct ReadOptions {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;
  std::string resource_version_match;
  std::string continue_token;
  std::int64_t limit = 0;  // 0: everything
  bool allow_bookmarks = false;
  std::optional<Duration> timeout;  // of a watch
};

struct WriteParameters {
  bool dry_run = false;
  std::string field_manager;
  bool force = false;
};

// meta/v1 DeleteOptions after query parameters and body were combined.
struct DeleteParameters {
  std::string propagation;  // "", Background, Foreground, Orphan; "" = the kind's default
  std::string precondition_uid;
  std::string precondition_resource_version;
  bool dry_run = false;
};

struct Request {
  Verb verb = Verb::Get;
  std::string group;
  std::string version;
  std::string resource;     // plural
  std::string ns;           // "" for cluster-scoped or all namespaces
  std::string name;         // "" for collections
  std::string subresource;  // "", status, scale, finalize, ...
  Identity identity;
  ReadOptions read;
  WriteParameters write;
  DeleteParameters remove;
  PatchKind patch = PatchKind::Merge;
  Json body;  // of create, update, patch
  Rendering rendering;
};

}  // namespace heirloom::server
