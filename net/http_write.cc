#include "net/http_write.h"

#include <ctime>

#include <fmt/format.h>

namespace heirloom::net {
namespace {

constexpr std::string_view kFraming[] = {"Connection", "Content-Length",    "Date",   "Keep-Alive",
                                         "Trailer",    "Transfer-Encoding", "Upgrade"};

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  out += "\r\n";
}

void append_fields(std::string& out, const Headers& headers, std::string_view framing) {
  for (const auto& [name, value] : headers) {
    if (!is_framing_field(name)) append_line(out, name, value);
  }
  out += framing;
  out += "\r\n";
}

}  // namespace

bool is_framing_field(std::string_view name) {
  // One list, one comparison: that of Headers.
  Headers one;
  for (const std::string_view framing : kFraming) {
    if (framing.size() != name.size()) continue;
    if (one.size() == 0) one.add(std::string(name), {});
    if (one.has(framing)) return true;
  }
  return false;
}

std::string response_head(int code, const Headers& headers, std::string_view framing) {
  std::string out;
  out.reserve(256);
  out += fmt::format("HTTP/1.1 {} {}\r\n", code, reason_phrase(code));
  append_fields(out, headers, framing);
  return out;
}

std::string request_head(std::string_view method, std::string_view target, const Headers& headers,
                         std::string_view framing) {
  std::string out;
  out.reserve(256 + target.size());
  out += method;
  out += ' ';
  out += target;
  out += " HTTP/1.1\r\n";
  append_fields(out, headers, framing);
  return out;
}

std::string http_date(WallTime time) {
  const std::time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text, size);
}

std::string as_chunk(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + 16);
  out += fmt::format("{:x}\r\n", bytes.size());
  out += bytes;
  out += "\r\n";
  return out;
}

}  // namespace heirloom::net
