#include "server/continue_token.h"

#include <algorithm>

#include "base/base64.h"
#include "base/json.h"

namespace heirloom::server {
namespace {
constexpr std::string_view kFormat = "meta.k8s.io/v1";
constexpr std::size_t kMaxTokenBytes = 4096;

// Base64 for URLs, without padding (RFC 4648 section 5).
std::string encode_url(std::string_view bytes) {
  auto text = encode_base64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

Result<std::string> decode_url(std::string_view text) {
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  while (standard.size() % 4 != 0) standard += '=';
  return decode_base64(standard);
}
}  // namespace

std::string encode_continue(const ContinueToken& token) {
  JsonBuilder out;
  out.begin_object()
      .member("v", kFormat)
      .member("rv", token.revision)
      .member("start", token.start)
      .end_object();
  return encode_url(write_json(out.take()));
}

Result<ContinueToken> decode_continue(std::string_view text) {
  const auto refuse = [](std::string_view why) {
    return bad_request("continue key is not valid: " + std::string(why));
  };
  if (text.size() > kMaxTokenBytes) return refuse("it is too long");
  const auto bytes = decode_url(text);
  if (!bytes.ok()) return refuse("it is not base64");
  auto parsed = Json::parse(*bytes);
  if (!parsed.ok()) return refuse("it is not a token of this server");
  const Json json = std::move(parsed).value();
  ContinueToken token;
  token.revision = json["rv"].int64();
  token.start = std::string(json["start"].string());
  if (json["v"].string() != kFormat || token.revision == 0 || token.start.empty()) {
    return refuse("it is not a token of this server");
  }
  return token;
}

}  // namespace heirloom::server
