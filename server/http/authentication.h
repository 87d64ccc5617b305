// Authentication: who sends a request: a bearer token the server knows, or a client certificate its authority
// signed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/request.h"

namespace heirloom::server {

struct TokenIdentity {
  std::string token;  // a secret: never logged
  Identity identity;
};

struct Credentials {
  std::string_view authorization;               // the header, "" when absent
  std::string_view certificate_user;            // subject common name of a verified client certificate
  std::vector<std::string> certificate_groups;  // its organizations
  std::string_view impersonate_user;            // Impersonate-User
  std::vector<std::string> impersonate_groups;  // Impersonate-Group
};

// The identity to act as: `anonymous` when no credentials were given. Errors: Unauthorized
// for a token nobody has; Forbidden when someone who is no administrator impersonates.
Result<Identity> authenticate(const std::vector<TokenIdentity>& tokens, const Credentials& credentials,
                              const Identity& anonymous);

}  // namespace heirloom::server
