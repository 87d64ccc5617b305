#include "server/printer_path.h"

#include <charconv>
#include <optional>
#include <string>

namespace heirloom::server {
namespace {

// Paths come from definitions that people write; each step recurses once.
constexpr int kMaxSteps = 64;

std::optional<std::int64_t> integer_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_quoted(std::string_view text) {
  return text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
}

JsonView find(JsonView value, std::string_view path, int steps_left);

// "type" after a dot, escapes undone; path is moved behind it.
std::string take_name(std::string_view& path) {
  std::string name;
  while (!path.empty() && path.front() != '.' && path.front() != '[') {
    if (path.front() == '\\' && path.size() > 1) path.remove_prefix(1);
    name += path.front();
    path.remove_prefix(1);
  }
  return name;
}

bool equals_literal(JsonView value, std::string_view literal) {
  if (is_quoted(literal)) return value.string() == literal.substr(1, literal.size() - 2) && value.is_string();
  if (literal == "true" || literal == "false")
    return value.is_bool() && value.boolean() == (literal == "true");
  const auto number = integer_of(literal);
  return number && value.is_integer() && value.int64() == *number;
}

// "@.type==\"Ready\"", "@.ready"
bool passes(JsonView element, std::string_view condition, int steps_left) {
  const std::size_t equal = condition.find("==");
  const std::size_t differs = condition.find("!=");
  const std::size_t operation = std::min(equal, differs);
  std::string_view left = trimmed(condition.substr(0, operation));
  if (left.empty() || left.front() != '@') return false;
  const JsonView value = find(element, left.substr(1), steps_left);
  if (operation == condition.npos) return value.exists();
  return equals_literal(value, trimmed(condition.substr(operation + 2))) == (operation == equal);
}

JsonView find_in_elements(JsonView list, std::string_view condition, std::string_view rest, int steps_left) {
  for (const JsonView element : list.elements()) {
    if (!condition.empty() && !passes(element, condition, steps_left)) continue;
    const JsonView found = find(element, rest, steps_left);
    if (found.exists()) return found;
  }
  return {};
}

// path is at "[".
JsonView find_subscript(JsonView value, std::string_view path, int steps_left) {
  const bool filter = path.starts_with("[?(");
  const std::size_t end = filter ? path.find(")]") : path.find(']');
  if (end == path.npos) return {};
  const std::string_view rest = path.substr(end + (filter ? 2 : 1));
  if (filter) return find_in_elements(value, trimmed(path.substr(3, end - 3)), rest, steps_left);
  const std::string_view inside = trimmed(path.substr(1, end - 1));
  if (inside == "*") return find_in_elements(value, {}, rest, steps_left);
  if (is_quoted(inside)) return find(value[inside.substr(1, inside.size() - 2)], rest, steps_left);
  const auto index = integer_of(inside);
  if (!index || !value.is_array()) return {};
  const std::int64_t from_front = *index < 0 ? *index + static_cast<std::int64_t>(value.size()) : *index;
  if (from_front < 0) return {};
  return find(value.element(static_cast<std::size_t>(from_front)), rest, steps_left);
}

JsonView find(JsonView value, std::string_view path, int steps_left) {
  if (path.empty() || !value.exists()) return value;
  if (steps_left == 0) return {};
  if (path.front() == '[') return find_subscript(value, path, steps_left - 1);
  if (path.front() == '.') path.remove_prefix(1);
  if (path.empty()) return value;
  if (path.front() == '[') return find_subscript(value, path, steps_left - 1);
  const std::string name = take_name(path);
  return find(value[name], path, steps_left - 1);
}

}  // namespace

JsonView first_at_printer_path(JsonView object, std::string_view path) {
  if (path.size() >= 2 && path.front() == '{' && path.back() == '}') path = path.substr(1, path.size() - 2);
  return find(object, trimmed(path), kMaxSteps);
}

}  // namespace heirloom::server
