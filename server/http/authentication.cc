#include "server/http/authentication.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "server/errors.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kBearer = "Bearer ";

// Takes the same time wherever the first difference is.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  }
  return difference == 0;
}

Result<std::optional<Identity>> who(const std::vector<TokenIdentity>& tokens,
                                    const Credentials& credentials) {
  if (!credentials.certificate_user.empty()) {
    Identity identity;
    identity.user = std::string(credentials.certificate_user);
    identity.groups = credentials.certificate_groups;
    identity.groups.emplace_back("system:authenticated");
    return std::optional<Identity>(std::move(identity));
  }
  if (credentials.authorization.empty()) return std::optional<Identity>();
  if (!credentials.authorization.starts_with(kBearer)) return unauthorized();
  const auto token = credentials.authorization.substr(kBearer.size());
  for (const auto& known : tokens) {
    if (same_secret(known.token, token)) return std::optional<Identity>(known.identity);
  }
  return unauthorized();
}

}  // namespace

Result<Identity> authenticate(const std::vector<TokenIdentity>& tokens, const Credentials& credentials,
                              const Identity& anonymous) {
  TRY(auto found, who(tokens, credentials));
  Identity identity = found ? std::move(*found) : anonymous;
  if (credentials.impersonate_user.empty()) return identity;
  if (!identity.admin()) {
    return Status(
        403, reasons::kForbidden,
        fmt::format("users \"{}\" is forbidden: User \"{}\" cannot impersonate resource \"users\" in API "
                    "group \"\" at the cluster scope",
                    credentials.impersonate_user, identity.user));
  }
  Identity other;
  other.user = std::string(credentials.impersonate_user);
  other.groups = impersonated_groups(other.user, credentials.impersonate_groups);
  return other;
}

}  // namespace heirloom::server
