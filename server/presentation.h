// Presentation: an answer in the shape the client asked for: as it is, as a Table, or metadata alone.
#pragma once

#include "server/parts.h"

namespace heirloom::server {

void present(Parts& parts, const Call& call, Response& response);

// meta.k8s.io PartialObjectMetadata of an object.
Json partial_metadata(JsonView object, std::string_view meta_version);

}  // namespace heirloom::server
