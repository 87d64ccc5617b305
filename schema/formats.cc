#include "schema/formats.h"

#include <algorithm>
#include <string>

#include "base/base64.h"
#include "base/clock.h"
#include "schema/names.h"

namespace heirloom::schema {

namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// With dashes at their places, or without any.
bool is_uuid(std::string_view text) {
  const bool dashed = text.size() == 36;
  if (!dashed && text.size() != 32) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = dashed && (i == 8 || i == 13 || i == 18 || i == 23);
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_number_below(std::string_view text, int limit) {
  if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  if (text.size() > 1 && text.front() == '0') return false;
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value <= limit;
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    if (!is_number_below(text.substr(0, dot), 255) || (part < 3) != (dot < text.size())) return false;
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return true;
}

bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool shortened = false;
  if (text.starts_with("::")) {
    shortened = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
      if (!is_ipv4(text)) return false;
      groups += 2;
      break;
    }
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (colon == 0 || colon > 4 || !std::all_of(text.begin(), text.begin() + colon, is_hex)) return false;
    ++groups;
    text.remove_prefix(colon);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.starts_with(':')) {
      if (shortened) return false;
      shortened = true;
      text.remove_prefix(1);
      if (text.empty()) break;
    } else if (text.empty()) {
      return false;
    }
  }
  return shortened ? groups < 8 : groups == 8;
}

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view address = text.substr(0, slash), prefix = text.substr(slash + 1);
  return (is_ipv4(address) && is_number_below(prefix, 32)) ||
         (is_ipv6(address) && is_number_below(prefix, 128));
}

bool is_date(std::string_view text) {
  return text.size() == 10 && parse_time(std::string(text) + "T00:00:00Z").ok();
}

// Groups of two digits (":" or "-") or of four ("."): 6, 8 or 20 bytes, as Go's net.ParseMAC.
bool is_mac(std::string_view text) {
  const std::size_t group = text.find_first_of(":-.");
  if (group != 2 && group != 4) return false;
  const char separator = text[group];
  if ((separator == '.') != (group == 4) || (text.size() + 1) % (group + 1) != 0) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i % (group + 1) == group ? text[i] != separator : !is_hex(text[i])) return false;
  const std::size_t bytes = (text.size() + 1) / (group + 1) * group / 2;
  return bytes == 6 || bytes == 8 || bytes == 20;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "5m", "1h30m", and with words: "3 days".
bool is_duration(std::string_view text) {
  static constexpr std::string_view kUnits[] = {"ns",   "nano",   "us",  "micro", "ms",     "milli", "s",
                                                "sec",  "second", "m",   "min",   "minute", "h",     "hr",
                                                "hour", "d",      "day", "w",     "wk",     "week"};
  if (parse_duration(text).ok()) return true;
  bool any = false;
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits == 0) return false;
    text.remove_prefix(digits);
    while (text.starts_with(' ')) text.remove_prefix(1);
    std::size_t letters = 0;
    while (letters < text.size() && is_letter(text[letters])) ++letters;
    std::string_view unit = text.substr(0, letters);
    if (unit.size() > 1 && unit.ends_with('s') && unit != "ns" && unit != "us" && unit != "ms")
      unit.remove_suffix(1);
    if (std::find(std::begin(kUnits), std::end(kUnits), unit) == std::end(kUnits)) return false;
    text.remove_prefix(letters);
    while (text.starts_with(' ')) text.remove_prefix(1);
    any = true;
  }
  return any;
}

bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool has_space = text.find_first_of(" \t\r\n") != std::string_view::npos;
  if (has_space || text.empty()) return false;
  return text.front() == '/' || (colon != std::string_view::npos && colon > 0);
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos && text.find(' ') == std::string_view::npos;
}

// One label, or labels with a top-level domain of letters.
bool is_hostname(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (!check_dns1123_subdomain(lower).empty()) return false;
  const std::size_t dot = lower.rfind('.');
  if (dot == std::string::npos) return true;
  const std::string_view top = std::string_view(lower).substr(dot + 1);
  return top.size() >= 2 && std::all_of(top.begin(), top.end(), is_letter);
}

}  // namespace

bool has_format(std::string_view text, std::string_view format) {
  if (format == "date-time" || format == "datetime" || format == "micro-time") return parse_time(text).ok();
  if (format == "date") return is_date(text);
  if (format == "duration") return is_duration(text);
  if (format == "uuid" || format == "uuid3" || format == "uuid4" || format == "uuid5") return is_uuid(text);
  if (format == "ipv4") return is_ipv4(text);
  if (format == "ipv6") return is_ipv6(text);
  if (format == "cidr") return is_cidr(text);
  if (format == "mac") return is_mac(text);
  if (format == "uri") return is_uri(text);
  if (format == "email") return is_email(text);
  if (format == "hostname") return is_hostname(text);
  if (format == "byte") return decode_base64(text).ok();
  return true;
}

}  // namespace heirloom::schema
