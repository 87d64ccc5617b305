// HTTP/1.1 messages as values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heirloom::net {

// Header fields in order; names are compared without case.
class Headers {
 public:
  Headers() = default;

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string name, std::string value);  // replaces all of that name
  void remove(std::string_view name);
  // The first of that name, or "". Borrowed from this.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  // All of that name, in order (Impersonate-Group).
  std::vector<std::string> all(std::string_view name) const;
  // Whether a comma-separated field (Connection, Accept-Encoding) lists the token, without case and
  // parameters.
  bool lists(std::string_view name, std::string_view token) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, as on the wire (percent-encoded)
  Headers headers;
  std::string body;
};

struct HttpResponse {
  int code = 200;
  Headers headers;
  std::string body;
};

// "Not Found" for 404; "" when unknown.
std::string_view reason_phrase(int code);

}  // namespace heirloom::net
