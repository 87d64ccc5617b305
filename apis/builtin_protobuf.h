// Reads objects of built-in kinds from Kubernetes' protobuf encoding: what current kubectl and many Go
// clients send for the kinds they have types for. We always answer JSON, which such clients accept too.
// Source: runtime.Unknown of apimachinery ("k8s\0" envelope); the numbers are in apis/schema/protobuf.yaml.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace heirloom {

inline constexpr std::string_view kProtobufMediaType = "application/vnd.kubernetes.protobuf";

// The object as JSON, with apiVersion and kind. Errors: BadRequest when the bytes are not such an object;
// UnsupportedMediaType (415) when we do not know the kind's numbers. The caller bounds the size.
Result<Json> read_protobuf_object(std::string_view bytes);

}  // namespace heirloom
