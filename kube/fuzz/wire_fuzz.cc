// What a server may send: error bodies, lists, and watch lines cut anywhere.
#include <cstdint>
#include <string_view>

#include "kube/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heirloom::kube;
  if (size < 2) return 0;
  const std::size_t step = data[0] % 64 + 1;
  const int code = 300 + data[1];
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (wire::decode_error(code, text, text.substr(0, 8), false).ok()) __builtin_trap();
  static_cast<void>(wire::decode_list(text));
  wire::LineSplitter lines(256);
  for (std::size_t at = 0; at < text.size(); at += step) {
    if (!lines.push(text.substr(at, step)).ok()) break;
    while (const std::optional<std::string> line = lines.next()) static_cast<void>(wire::decode_event(*line));
  }
  return 0;
}
