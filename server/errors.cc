#include "server/errors.h"

#include <fmt/format.h>

namespace heirloom::server {
namespace {

StatusDetails details_of(const Resource& resource, std::string_view name) {
  StatusDetails details;
  details.name = std::string(name);
  details.group = resource.group;
  details.kind = resource.plural;
  return details;
}

}  // namespace

Status not_found(const Resource& resource, std::string_view name) {
  return {404, reasons::kNotFound, fmt::format("{} \"{}\" not found", resource.qualified(), name),
          details_of(resource, name)};
}

Status no_such_resource() {
  return {404, reasons::kNotFound, "the server could not find the requested resource"};
}

Status method_not_allowed() {
  return {405, reasons::kMethodNotAllowed, "the server does not allow this method on the requested resource"};
}

Status already_exists(const Resource& resource, std::string_view name) {
  return {409, reasons::kAlreadyExists, fmt::format("{} \"{}\" already exists", resource.qualified(), name),
          details_of(resource, name)};
}

Status modified_conflict(const Resource& resource, std::string_view name) {
  return conflict(
      resource, name,
      "the object has been modified; please apply your changes to the latest version and try again");
}

Status conflict(const Resource& resource, std::string_view name, std::string_view why) {
  return {409, reasons::kConflict,
          fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource.qualified(), name, why),
          details_of(resource, name)};
}

Status forbidden(const Resource& resource, std::string_view name, std::string_view why) {
  auto message = name.empty() ? fmt::format("{} is forbidden: {}", resource.qualified(), why)
                              : fmt::format("{} \"{}\" is forbidden: {}", resource.qualified(), name, why);
  return {403, reasons::kForbidden, std::move(message), details_of(resource, name)};
}

Status namespace_terminating(const Resource& resource, std::string_view name, std::string_view ns) {
  auto status = forbidden(
      resource, name,
      fmt::format("unable to create new content in namespace {} because it is being terminated", ns));
  StatusCause cause;
  cause.reason = std::string(reasons::kNamespaceTerminating);
  cause.message = fmt::format("namespace {} is being terminated", ns);
  cause.field = "metadata.namespace";
  status.mutable_details().causes.push_back(std::move(cause));
  return status;
}

Status invalid_options(std::string_view kind, schema::FieldError error) {
  schema::FieldErrors errors;
  errors.push_back(std::move(error));
  return schema::invalid_status("meta.k8s.io", kind, "", std::move(errors));
}

Status expired_revision(std::string_view message) { return {410, reasons::kExpired, std::string(message)}; }

Status unauthorized() { return {401, reasons::kUnauthorized, "Unauthorized"}; }

}  // namespace heirloom::server
