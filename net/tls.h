// TLS (1.2 and 1.3) over any ByteStream, and the few certificates we make ourselves. PEM in memory, never
// files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "net/stream.h"

namespace heirloom::net {

struct TlsClientOptions {
  std::string ca_pem;           // who may sign the server's certificate; empty: the system's roots
  std::string certificate_pem;  // our own, with its chain; empty: none
  std::string key_pem;
  std::string server_name;  // expected in the certificate, a name or an address; empty: the endpoint's host
  bool insecure_skip_verify = false;
};

struct TlsServerOptions {
  std::string certificate_pem;  // with its chain
  std::string key_pem;
  std::string client_ca_pem;  // who may sign client certificates; empty: none are asked for
};

// Immutable, shared by connections.
class TlsContext {
 public:
  // Error: BadRequest naming what is wrong with which PEM (certificate, key, CA, or that the two do not fit).
  static Result<std::shared_ptr<const TlsContext>> client(TlsClientOptions options);
  // A client certificate is asked for, not required; one that the CA did not sign fails the handshake.
  static Result<std::shared_ptr<const TlsContext>> server(TlsServerOptions options);

  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  ~TlsContext();
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

// The handshake over an open stream; the result owns it. No deadline of its own: close the stream, or cancel.
// Error: Unreachable with the reason; for a verification failure also what to do. `where` ("host:port") is
// for messages.
Task<Result<std::unique_ptr<ByteStream>>> tls_connect(std::unique_ptr<ByteStream> stream,
                                                      std::shared_ptr<const TlsContext> context,
                                                      std::string server_name, std::string where);
Task<Result<std::unique_ptr<ByteStream>>> tls_accept(std::unique_ptr<ByteStream> stream,
                                                     std::shared_ptr<const TlsContext> context);

// Connections of `below` with TLS on top; both within the deadline of connect(). The certificate must name
// options.server_name, or endpoint.host when that is empty.
std::unique_ptr<Connector> over_tls(Clock* clock, std::unique_ptr<Connector> below, Endpoint endpoint,
                                    std::shared_ptr<const TlsContext> context);

struct CertifiedKey {
  std::string certificate_pem;
  std::string key_pem;  // PKCS #8; a secret
};

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  bool for_client = false;  // client authentication instead of server authentication
};

// EC P-256, valid from an hour before `now` (clocks differ) for `validity`.
Result<CertifiedKey> create_certificate_authority(std::string common_name, WallTime now, Duration validity);
// Error: BadRequest when the CA's PEM or an address does not parse.
Result<CertifiedKey> issue_certificate(const CertifiedKey& authority, const CertificateRequest& request,
                                       WallTime now, Duration validity);

// What a PEM certificate says about its holder. Error: BadRequest.
struct CertificateInfo {
  std::string common_name;
  std::vector<std::string> organizations;
  WallTime not_after;
};
Result<CertificateInfo> read_certificate(const std::string& certificate_pem);

}  // namespace heirloom::net
