// OpenSSL's objects with owners, for the .cc files of TLS and certificates.
#pragma once

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/result.h"

namespace heirloom::net {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

using SslContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

// Takes what OpenSSL says went wrong last, and forgets the rest.
std::string openssl_error();

Result<CertificatePtr> parse_certificate(const std::string& pem, std::string_view what);
Result<KeyPtr> parse_key(const std::string& pem, std::string_view what);

// The subject's last common name, or "".
std::string common_name_of(const X509& certificate);
std::vector<std::string> organizations_of(const X509& certificate);

}  // namespace heirloom::net
