// Structured logs: one JSON object a line on stderr. The one process-wide thing we allow ourselves; off until
// configured (tests stay quiet). Never log a value of a Secret, a token, or a request body.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace heirloom::log {

enum class Level { Debug, Info, Warning, Error, Off };

struct Field {
  std::string_view key;
  std::string value;
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  template <class T> Field(std::string_view k, const T& v) : key(k), value(fmt::format("{}", v)) {}
};

// To stderr. Call before the first thread starts, or again to change the level.
void configure(Level level);
// Elsewhere, for tests: each line without its newline.
void configure(Level level, std::function<void(std::string_view line)> sink);
// {"ts":"2026-01-02T03:04:05.678901Z","level":"info","msg":"...","key":"value",...}; field values are always strings.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view m, std::initializer_list<Field> f = {}) { write(Level::Debug, m, f); }
inline void info(std::string_view m, std::initializer_list<Field> f = {}) { write(Level::Info, m, f); }
inline void warning(std::string_view m, std::initializer_list<Field> f = {}) { write(Level::Warning, m, f); }
inline void error(std::string_view m, std::initializer_list<Field> f = {}) { write(Level::Error, m, f); }

}  // namespace heirloom::log
