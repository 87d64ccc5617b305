#include "schema/quantity.h"

#include <algorithm>
#include <charconv>

namespace heirloom::schema {

namespace {

struct Suffix {
  std::string_view text;
  int decimal_exponent;
  int binary_exponent;
};

constexpr Suffix kSuffixes[] = {{"", 0, 0},    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},
                                {"k", 3, 0},   {"M", 6, 0},   {"G", 9, 0},   {"T", 12, 0},
                                {"P", 15, 0},  {"E", 18, 0},  {"Ki", 0, 10}, {"Mi", 0, 20},
                                {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60}};

// Exponents beyond these mean nothing in Kubernetes (values are capped at 2^63-1 and at nano).
constexpr int kMaxExponent = 1000;
constexpr int kFinestExponent = -9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// digits (most significant first) times 1024.
void times_1024(std::string& digits) {
  unsigned carry = 0;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it) {
    const unsigned value = static_cast<unsigned>(*it - '0') * 1024 + carry;
    *it = static_cast<char>('0' + value % 10);
    carry = value / 10;
  }
  for (; carry > 0; carry /= 10) digits.insert(digits.begin(), static_cast<char>('0' + carry % 10));
}

// digits plus one in the last place.
void increment(std::string& digits) {
  for (auto it = digits.rbegin(); it != digits.rend(); ++it) {
    if (*it != '9') {
      ++*it;
      return;
    }
    *it = '0';
  }
  digits.insert(digits.begin(), '1');
}

}  // namespace

std::optional<Quantity> Quantity::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxQuantityBytes) return std::nullopt;
  Quantity out;
  if (text.front() == '+' || text.front() == '-') {
    out.negative_ = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto take_digits = [&text] {
    std::size_t n = 0;
    while (n < text.size() && is_digit(text[n])) ++n;
    const std::string_view digits = text.substr(0, n);
    text.remove_prefix(n);
    return digits;
  };
  out.digits_ = take_digits();
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    const std::string_view fraction = take_digits();
    if (out.digits_.empty() && fraction.empty()) return std::nullopt;
    out.digits_ += fraction;
    out.exponent_ = -static_cast<int>(fraction.size());
  }
  if (out.digits_.empty()) return std::nullopt;

  const auto* suffix = std::find_if(std::begin(kSuffixes), std::end(kSuffixes),
                                    [&](const Suffix& s) { return s.text == text; });
  if (suffix != std::end(kSuffixes)) {
    out.exponent_ += suffix->decimal_exponent;
    for (int i = 0; i < suffix->binary_exponent; i += 10) times_1024(out.digits_);
  } else if (text.front() == 'e' || text.front() == 'E') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    int exponent = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (text.empty() || ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (exponent > kMaxExponent || exponent < -kMaxExponent) return std::nullopt;
    out.exponent_ += exponent;
  } else {
    return std::nullopt;
  }

  // Finer than nano rounds up (away from zero), as Kubernetes does.
  if (out.exponent_ < kFinestExponent) {
    const auto drop = static_cast<std::size_t>(kFinestExponent - out.exponent_);
    const std::size_t kept = out.digits_.size() > drop ? out.digits_.size() - drop : 0;
    const bool rest = out.digits_.find_first_not_of('0', kept) != std::string::npos;
    out.digits_.resize(kept);
    out.exponent_ = kFinestExponent;
    if (rest) increment(out.digits_);
  }
  out.digits_.erase(0, std::min(out.digits_.find_first_not_of('0'), out.digits_.size()));
  while (!out.digits_.empty() && out.digits_.back() == '0') {
    out.digits_.pop_back();
    ++out.exponent_;
  }
  if (out.digits_.empty()) {
    out.negative_ = false;
    out.exponent_ = 0;
  }
  return out;
}

std::optional<Quantity> Quantity::parse(JsonView value) {
  if (value.is_string()) return parse(value.string());
  if (value.is_number()) return parse(std::string_view(write_json(value)));
  return std::nullopt;
}

std::strong_ordering Quantity::operator<=>(const Quantity& other) const {
  const auto sign = [](const Quantity& q) { return q.is_zero() ? 0 : q.negative_ ? -1 : 1; };
  if (sign(*this) != sign(other)) return sign(*this) <=> sign(other);
  if (is_zero()) return std::strong_ordering::equal;
  // Position of the leading digit first, then digit by digit; trailing zeros are not stored.
  const auto top = [](const Quantity& q) { return static_cast<int>(q.digits_.size()) + q.exponent_; };
  std::strong_ordering magnitude = top(*this) <=> top(other);
  if (magnitude == 0) magnitude = digits_.compare(other.digits_) <=> 0;
  if (!negative_) return magnitude;
  return 0 <=> magnitude;
}

}  // namespace heirloom::schema
