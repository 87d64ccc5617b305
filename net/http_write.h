// Messages as bytes: what goes before the body.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http.h"

namespace heirloom::net {

// What frames a message is ours to say: such fields of the caller's are left out.
bool is_framing_field(std::string_view name);

// "HTTP/1.1 200 OK", the fields without framing ones, `framing` (whole lines) and the empty line. Control
// characters in values become spaces, so that no value can begin a line of its own.
std::string response_head(int code, const Headers& headers, std::string_view framing);
// The same for a request. The caller has checked target and fields.
std::string request_head(std::string_view method, std::string_view target, const Headers& headers,
                         std::string_view framing);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(WallTime time);
// A chunk with its framing; not for empty ones, which end the body.
std::string as_chunk(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace heirloom::net
