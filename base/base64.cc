#include "base/base64.h"

#include <array>
#include <cstdint>

namespace heirloom {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xFF;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = kNone;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) out += j <= count ? kAlphabet[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

Result<std::string> decode_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  int digits = 0;
  int padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') continue;
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    const bool pads = c == '=' && digits >= 2 && digits + padding < 4;
    if (pads) {
      ++padding;
      group <<= 6;
    } else if (value != kNone && padding == 0) {
      ++digits;
      group = group << 6 | value;
    } else {
      return bad_request(fmt::format("invalid base64 at offset {}", i));
    }
    if (digits + padding < 4) continue;
    for (int j = 0; j < digits - 1; ++j) out += static_cast<char>(group >> (16 - 8 * j) & 0xFF);
    if (padding == 0) digits = 0;  // after padding only line breaks may follow
    group = 0;
  }
  if (digits != 0 && digits + padding != 4)
    return bad_request(fmt::format("invalid base64: cut short after {} characters", text.size()));
  return out;
}

}  // namespace heirloom
