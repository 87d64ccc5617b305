#include "server/http/replies.h"

#include <utility>

#include "base/yaml.h"
#include "schema/field_error.h"

namespace heirloom::server {
namespace {

std::string encode(const Json& value, Writing writing) {
  if (writing.encoding == Encoding::Yaml) return write_yaml(value);
  return (writing.pretty ? write_json_pretty(value) : write_json(value)) + "\n";
}

net::HttpResponse encoded_reply(int code, std::string body, Encoding encoding) {
  net::HttpResponse reply;
  reply.code = code;
  reply.headers.add("Cache-Control", "no-cache, private");
  reply.headers.add("Content-Type", encoding == Encoding::Yaml ? "application/yaml" : "application/json");
  reply.body = std::move(body);
  return reply;
}

std::string encode_list(const ListContent& list, Writing writing) {
  auto text = write_list(list);
  if (writing.encoding == Encoding::Json && !writing.pretty) return text + "\n";
  const auto parsed = Json::parse(text);
  return parsed.ok() ? encode(*parsed, writing) : std::move(text);
}

}  // namespace

net::HttpResponse text_reply(int code, std::string body) {
  net::HttpResponse reply;
  reply.code = code;
  reply.headers.add("Content-Type", "text/plain; charset=utf-8");
  reply.headers.add("X-Content-Type-Options", "nosniff");
  reply.body = std::move(body);
  return reply;
}

net::HttpResponse document_reply(int code, const Json& document, Writing writing) {
  return encoded_reply(code, encode(document, writing), writing.encoding);
}

net::HttpResponse status_reply(const Status& status, Writing writing) {
  auto reply = document_reply(status.code(), to_wire(status), writing);
  const auto seconds = status.details().retry_after_seconds;
  if (seconds > 0) reply.headers.add("Retry-After", std::to_string(seconds));
  return reply;
}

net::HttpResponse response_reply(const Response& response, Writing writing) {
  auto body = response.list ? encode_list(*response.list, writing) : encode(response.body, writing);
  auto reply = encoded_reply(response.code, std::move(body), writing.encoding);
  if (!response.warning.empty()) reply.headers.add("Warning", "299 - " + schema::go_quote(response.warning));
  return reply;
}

std::string watch_line(const StreamEvent& event) {
  std::string line = R"({"type":")" + event.type + R"(","object":)";
  write_json(event.object, line);
  line += "}\n";
  return line;
}

}  // namespace heirloom::server
