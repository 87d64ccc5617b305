// What creates meet of the life cycles of namespaces and definitions.
#pragma once

#include "server/parts.h"

namespace heirloom::server {

// Success for cluster-scoped resources and in an active namespace. Errors: NotFound naming the namespace;
// Forbidden with the cause NamespaceTerminating.
Status check_namespace_takes_content(Parts& parts, const Call& call);

// MethodNotAllowed when the definition of a custom resource is being deleted.
Status check_definition_takes_objects(Parts& parts, const Call& call);

}  // namespace heirloom::server
