// Credentials of an embedded API server: kept in the data directory, so that a kubeconfig outlives a restart.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "net/tls.h"

namespace heirloom::cmd {

struct ServerCredentials {
  net::CertifiedKey authority;  // <data-dir>/pki/ca.crt and ca.key
  net::CertifiedKey server;     // issued anew at each start, for localhost and the address listened on
  std::string admin_token;      // <data-dir>/pki/admin.token
};

Result<ServerCredentials> load_or_create_credentials(const std::string& data_dir, const net::Endpoint& listen,
                                                     WallTime now, Random* random);

}  // namespace heirloom::cmd
