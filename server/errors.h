// The Statuses a Kubernetes API server answers, with its wording: clients (kubectl, client-go) match on
// reason and details, people read the message. Pure.
#pragma once

#include <string_view>

#include "base/status.h"
#include "schema/field_error.h"
#include "server/resource.h"

namespace heirloom::server {

Status not_found(const Resource& resource, std::string_view name);
// "the server could not find the requested resource": a path nobody serves.
Status no_such_resource();
Status method_not_allowed();
Status already_exists(const Resource& resource, std::string_view name);
Status modified_conflict(const Resource& resource, std::string_view name);
Status conflict(const Resource& resource, std::string_view name, std::string_view why);
Status forbidden(const Resource& resource, std::string_view name, std::string_view why);
Status namespace_terminating(const Resource& resource, std::string_view name, std::string_view ns);
// 422 about ListOptions or DeleteOptions themselves.
Status invalid_options(std::string_view kind, schema::FieldError error);
Status expired_revision(std::string_view message);
Status unauthorized();

}  // namespace heirloom::server
