// The continue token of a paged list: opaque to clients, base64url of a small JSON value, as Kubernetes does
// it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace heirloom::server {

struct ContinueToken {
  std::int64_t revision = 0;  // -1: continue at the newest state (after the snapshot has expired)
  std::string start;          // the first key of the next page, relative to the collection's prefix
};

std::string encode_continue(const ContinueToken& token);
// Error: BadRequest "continue key is not valid".
Result<ContinueToken> decode_continue(std::string_view text);

}  // namespace heirloom::server
