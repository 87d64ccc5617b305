#include "cmd/credentials.h"

#include <utility>

#include <fmt/format.h>

#include "cmd/files.h"

namespace heirloom::cmd {
namespace {

constexpr Duration kAuthorityValidity = std::chrono::hours(24 * 3650);
constexpr Duration kServerValidity = std::chrono::hours(24 * 365);

Result<net::CertifiedKey> authority(const std::string& pki, WallTime now) {
  const std::string certificate = pki + "/ca.crt";
  const std::string key = pki + "/ca.key";
  Result<std::string> certificate_pem = read_file(certificate);
  Result<std::string> key_pem = read_file(key);
  if (certificate_pem.ok() && key_pem.ok())
    return net::CertifiedKey{std::move(certificate_pem).value(), std::move(key_pem).value()};
  if (!certificate_pem.ok() && !is_not_found(certificate_pem.status())) return certificate_pem.status();
  TRY(net::CertifiedKey made, net::create_certificate_authority("heirloom-ca", now, kAuthorityValidity));
  TRY_VOID(write_file(key, made.key_pem));  // the certificate last: it says that the pair is complete
  TRY_VOID(write_file(certificate, made.certificate_pem));
  return made;
}

Result<std::string> token(const std::string& path, Random* random) {
  Result<std::string> known = read_file(path);
  if (known.ok() && !known->empty()) return known;
  if (!known.ok() && !is_not_found(known.status())) return known;
  std::string made;
  for (int i = 0; i < 4; ++i) made += fmt::format("{:016x}", random->next());
  TRY_VOID(write_file(path, made));
  return made;
}

bool is_address(const std::string& host) {
  return host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

Result<ServerCredentials> load_or_create_credentials(const std::string& data_dir, const net::Endpoint& listen,
                                                     WallTime now, Random* random) {
  const std::string pki = data_dir + "/pki";
  TRY_VOID(make_directory(pki));
  ServerCredentials credentials;
  TRY(credentials.authority, authority(pki, now));
  TRY(credentials.admin_token, token(pki + "/admin.token", random));
  net::CertificateRequest request;
  request.common_name = "heirloom-apiserver";
  request.dns_names = {"localhost"};
  request.ip_addresses = {"127.0.0.1", "::1"};
  if (!listen.host.empty() && listen.host != "localhost" && listen.host != "127.0.0.1" && listen.host != "::1")
    (is_address(listen.host) ? request.ip_addresses : request.dns_names).push_back(listen.host);
  TRY(credentials.server, net::issue_certificate(credentials.authority, request, now, kServerValidity));
  return credentials;
}

}  // namespace heirloom::cmd
