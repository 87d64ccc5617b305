#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstring>
#include <string_view>

namespace heirloom::net {
namespace {

// In ALPN's wire form: length, name.
constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* selected = nullptr;
  const int outcome =
      SSL_select_next_proto(&selected, chosen_size, kHttp11, sizeof kHttp11, offered, offered_size);
  *chosen = selected;
  // A client that offers only what we do not speak still gets HTTP/1.1, as before there was ALPN.
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

SslContextPtr new_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // Idle connections (watches) give their buffers back.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

// All certificates of a bundle.
Result<std::vector<CertificatePtr>> parse_bundle(const std::string& pem, std::string_view what) {
  std::vector<CertificatePtr> certificates;
  TRY(CertificatePtr first, parse_certificate(pem, what));
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    certificates.emplace_back(next);
  ERR_clear_error();  // the end of the text
  return certificates;
}

Status use_certificate(SSL_CTX& context, const std::string& certificate_pem, const std::string& key_pem) {
  TRY(std::vector<CertificatePtr> chain, parse_bundle(certificate_pem, "the certificate"));
  TRY(const KeyPtr key, parse_key(key_pem, "the key"));
  if (SSL_CTX_use_certificate(&context, chain.front().get()) != 1) {
    return bad_request(fmt::format("the certificate cannot be used: {}", openssl_error()));
  }
  for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(&context, chain[i].get());
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1 || SSL_CTX_check_private_key(&context) != 1) {
    return bad_request(fmt::format("the key does not belong to the certificate: {}", openssl_error()));
  }
  return Status();
}

Status trust(SSL_CTX& context, const std::string& ca_pem) {
  TRY(const std::vector<CertificatePtr> authorities, parse_bundle(ca_pem, "the certificate authority"));
  X509_STORE* store = SSL_CTX_get_cert_store(&context);
  for (const CertificatePtr& authority : authorities) X509_STORE_add_cert(store, authority.get());
  ERR_clear_error();  // one that is listed twice
  return Status();
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::client(TlsClientOptions options) {
  ERR_clear_error();
  auto state = std::make_unique<State>();
  state->context = new_context(TLS_client_method());
  SSL_CTX& context = *state->context;
  SSL_CTX_set_alpn_protos(&context, kHttp11, sizeof kHttp11);
  if (!options.certificate_pem.empty()) {
    TRY_VOID(use_certificate(context, options.certificate_pem, options.key_pem));
  }
  if (options.insecure_skip_verify) {
    SSL_CTX_set_verify(&context, SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
    if (options.ca_pem.empty()) {
      SSL_CTX_set_default_verify_paths(&context);
    } else {
      TRY_VOID(trust(context, options.ca_pem));
      // A kubeconfig may carry the server's own certificate, or an intermediate one, as its authority.
      X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(&context), X509_V_FLAG_PARTIAL_CHAIN);
    }
  }
  state->server_name = std::move(options.server_name);
  state->verify = !options.insecure_skip_verify;
  return std::shared_ptr<const TlsContext>(std::make_shared<TlsContext>(std::move(state)));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::server(TlsServerOptions options) {
  ERR_clear_error();
  auto state = std::make_unique<State>();
  state->context = new_context(TLS_server_method());
  SSL_CTX& context = *state->context;
  SSL_CTX_set_alpn_select_cb(&context, choose_protocol, nullptr);
  SSL_CTX_set_num_tickets(&context, 0);  // connections are kept; resumption would only cost memory
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  TRY_VOID(use_certificate(context, options.certificate_pem, options.key_pem));
  if (!options.client_ca_pem.empty()) {
    TRY_VOID(trust(context, options.client_ca_pem));
    TRY(const std::vector<CertificatePtr> authorities,
        parse_bundle(options.client_ca_pem, "the client authority"));
    for (const CertificatePtr& authority : authorities) SSL_CTX_add_client_CA(&context, authority.get());
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);  // asked for, not required
  }
  state->verify = !options.client_ca_pem.empty();
  return std::shared_ptr<const TlsContext>(std::make_shared<TlsContext>(std::move(state)));
}

}  // namespace heirloom::net
