// OpenSSL's objects with owners, for the .cc files of TLS and certificates. Names OpenSSL's types without its
// headers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct bio_st;
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

namespace heirloom::net {

struct OpensslFree {
  void operator()(bio_st* object) const;
  void operator()(evp_pkey_st* object) const;
  void operator()(ssl_ctx_st* object) const;
  void operator()(ssl_st* object) const;
  void operator()(x509_st* object) const;
};

using BioPtr = std::unique_ptr<bio_st, OpensslFree>;
using KeyPtr = std::unique_ptr<evp_pkey_st, OpensslFree>;
using SslContextPtr = std::unique_ptr<ssl_ctx_st, OpensslFree>;
using SslPtr = std::unique_ptr<ssl_st, OpensslFree>;
using CertificatePtr = std::unique_ptr<x509_st, OpensslFree>;

// Takes what OpenSSL says went wrong last, and forgets the rest.
std::string openssl_error();

Result<CertificatePtr> parse_certificate(const std::string& pem, std::string_view what);
Result<KeyPtr> parse_key(const std::string& pem, std::string_view what);

// The subject's last common name, or "".
std::string common_name_of(const x509_st& certificate);
std::vector<std::string> organizations_of(const x509_st& certificate);

}  // namespace heirloom::net
