// Kubernetes resource quantities ("100m", "1.5Gi", "2e3"), exact: no floating point.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace heirloom::schema {

// A decimal number: digits * 10^exponent. Values are capped like Kubernetes' own (finer than nano rounds up).
class Quantity {
 public:
  // nullopt: not a quantity, or over kMaxQuantityBytes.
  static std::optional<Quantity> parse(std::string_view text);
  // Of a JSON string or number.
  static std::optional<Quantity> parse(JsonView value);

  bool negative() const { return negative_; }
  bool is_zero() const { return digits_.empty(); }
  std::strong_ordering operator<=>(const Quantity& other) const;
  bool operator==(const Quantity& other) const { return (*this <=> other) == 0; }

 private:
  bool negative_ = false;
  std::string digits_;  // without leading and trailing zeros; empty for zero
  int exponent_ = 0;    // of the last digit
};

inline constexpr std::size_t kMaxQuantityBytes = 128;

}  // namespace heirloom::schema
