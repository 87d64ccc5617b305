// Three lines and a body: target, Accept, Content-Type. What is read from a request is refused or usable,
// never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "server/continue_token.h"
#include "server/http/negotiation.h"
#include "server/http/target.h"
#include "server/keys.h"
#include "server/resource_version.h"

namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heirloom;
  using namespace heirloom::server;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto target = take_line(text);
  const auto accept = take_line(text);
  const auto content_type = take_line(text);
  const auto path = target.substr(0, target.find('?'));
  if (const auto parsed = parse_resource_path(path))
    HEIRLOOM_ASSERT(!parsed->resource.empty() || parsed->name.empty());
  const auto query =
      Query::parse(path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view());
  (void)negotiate(accept);
  (void)parse_patch_kind(content_type);
  const auto body = parse_body(content_type, text, "ConfigMap");
  (void)parse_key(path);
  if (!query.ok()) return 0;
  const auto read = parse_read_options(*query);
  (void)parse_write_parameters(*query);
  if (read.ok()) {
    (void)list_position(*read);
    const auto token = decode_continue(read->continue_token);
    if (token.ok()) HEIRLOOM_ASSERT(decode_continue(encode_continue(*token)).ok());
  }
  if (body.ok()) (void)parse_delete_parameters(*query, *body);
  return 0;
}
