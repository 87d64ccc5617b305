// clean_manifest: an object as somebody wrote it, without what a manifest may not set. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace heirloom::core {

// The object under this name and namespace ("" = none), without status, nulls, server-set metadata, owner labels, ledger,
// record and heirloom.dev/*. Reserved labels and annotations that were there are told in `dropped`, as fields below
// `field` ("spec.components[0].properties.objects[1]").
Json clean_manifest(JsonView object, const std::string& name, const std::string& ns, const std::string& field,
                    std::vector<std::string>& dropped);

}  // namespace heirloom::core
