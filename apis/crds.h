// The CustomResourceDefinitions, compiled in from apis/crds/*.yaml: for the embedded API server, for
// `heirloom crds` and for kubectl apply -f.
#pragma once

#include <span>

#include "base/embedded_file.h"

namespace heirloom {

std::span<const EmbeddedFile> crd_files();

}  // namespace heirloom
