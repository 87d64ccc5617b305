// A 64-bit content hash: fast, the same in every process and on every machine of ours, so that it may be
// stored and compared. Not keyed and not cryptographic: who chooses the input can choose collisions, so a
// table that grows with hostile input must bound its probes, and identity must never rest on it alone.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace heirloom {

static_assert(std::endian::native == std::endian::little,
              "hashes are stored, so they are defined on little endian");

namespace detail {

__extension__ using Wide = unsigned __int128;

// Three odd constants with about as many ones as zeros, taken from the fractions of pi, e and the golden
// ratio.
inline constexpr std::uint64_t kHashA = 0x243F6A8885A308D3;
inline constexpr std::uint64_t kHashB = 0xB7E151628AED2A6B;
inline constexpr std::uint64_t kHashC = 0x9E3779B97F4A7C15;

constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class T>
constexpr std::uint64_t load(const char* p) {
  T value = 0;
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value |= static_cast<T>(static_cast<T>(static_cast<unsigned char>(p[i])) << (8 * i));
  } else {
    std::memcpy(&value, p, sizeof(T));
  }
  return value;
}

}  // namespace detail

constexpr std::uint64_t hash_combine(std::uint64_t a, std::uint64_t b) {
  return detail::fold_multiply(a ^ detail::kHashA, b ^ detail::kHashB);
}

constexpr std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0) {
  using detail::load;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  std::uint64_t h = seed ^ detail::kHashC;
  for (; n > 16; p += 16, n -= 16)
    h = detail::fold_multiply(load<std::uint64_t>(p) ^ detail::kHashA, load<std::uint64_t>(p + 8) ^ h);
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (n >= 8) {  // the two loads may overlap; together they cover the tail
    a = load<std::uint64_t>(p);
    b = load<std::uint64_t>(p + n - 8);
  } else if (n >= 4) {
    a = load<std::uint32_t>(p);
    b = load<std::uint32_t>(p + n - 4);
  } else if (n > 0) {
    a = load<std::uint8_t>(p) << 16 | load<std::uint8_t>(p + n / 2) << 8 | load<std::uint8_t>(p + n - 1);
  }
  h = detail::fold_multiply(a ^ detail::kHashB, b ^ h);
  return detail::fold_multiply(h ^ detail::kHashC, bytes.size() ^ detail::kHashA);
}

}  // namespace heirloom
