#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "net/openssl.h"
#include "net/tls.h"

namespace heirloom::net {

void OpensslFree::operator()(bio_st* object) const { BIO_free_all(object); }
void OpensslFree::operator()(evp_pkey_st* object) const { EVP_PKEY_free(object); }
void OpensslFree::operator()(ssl_ctx_st* object) const { SSL_CTX_free(object); }
void OpensslFree::operator()(ssl_st* object) const { SSL_free(object); }
void OpensslFree::operator()(x509_st* object) const { X509_free(object); }

std::string openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("error {:#x}", code);
}

namespace {

BioPtr read_from(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string take_text(BIO& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// No prompt for a passphrase: a key that has one is an error.
int no_passphrase(char*, int, int, void*) { return 0; }

std::vector<std::string> names_of(const X509& certificate, int nid) {
  std::vector<std::string> values;
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  for (int i = X509_NAME_get_index_by_NID(subject, nid, -1); i >= 0;
       i = X509_NAME_get_index_by_NID(subject, nid, i)) {
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
    if (size < 0) continue;
    values.emplace_back(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
  }
  return values;
}

void add_name(X509_NAME* name, const char* field, const std::string& value) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                             static_cast<int>(value.size()), -1, 0);
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

std::string pem_of(X509& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  return take_text(*bio);
}

std::string pem_of(EVP_PKEY& key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  return take_text(*bio);
}

// An unsigned certificate with a fresh serial number, validity, subject and key.
CertificatePtr new_certificate(const CertificateRequest& request, EVP_PKEY& key, WallTime now,
                               Duration validity) {
  CertificatePtr certificate(X509_new());
  X509_set_version(certificate.get(), 2);  // v3
  unsigned char serial[16];
  RAND_bytes(serial, sizeof serial);
  serial[0] &= 0x7f;  // positive
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  const std::time_t at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const long seconds = static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(validity).count());
  ASN1_TIME_adj(X509_getm_notBefore(certificate.get()), at, 0, -3600);
  ASN1_TIME_adj(X509_getm_notAfter(certificate.get()), at, static_cast<int>(seconds / 86400),
                seconds % 86400);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  for (const std::string& organization : request.organizations) add_name(subject, "O", organization);
  add_name(subject, "CN", request.common_name);
  X509_set_pubkey(certificate.get(), &key);
  return certificate;
}

Status failed(std::string_view what) { return internal_error(fmt::format("{}: {}", what, openssl_error())); }

Result<std::string> alternative_names(const CertificateRequest& request) {
  std::string names;
  for (const std::string& name : request.dns_names) {
    if (name.find(',') != std::string::npos)
      return bad_request(fmt::format("\"{}\" is not a DNS name", name));
    names += (names.empty() ? "DNS:" : ",DNS:") + name;
  }
  for (const std::string& address : request.ip_addresses) {
    unsigned char bytes[16];
    if (inet_pton(AF_INET, address.c_str(), bytes) != 1 && inet_pton(AF_INET6, address.c_str(), bytes) != 1) {
      return bad_request(fmt::format("\"{}\" is not an IP address", address));
    }
    names += (names.empty() ? "IP:" : ",IP:") + address;
  }
  return names;
}

}  // namespace

std::string common_name_of(const X509& certificate) {
  const std::vector<std::string> names = names_of(certificate, NID_commonName);
  return names.empty() ? std::string() : names.back();
}

std::vector<std::string> organizations_of(const X509& certificate) {
  return names_of(certificate, NID_organizationName);
}

Result<CertificatePtr> parse_certificate(const std::string& pem, std::string_view what) {
  ERR_clear_error();
  const BioPtr bio = read_from(pem);
  CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  if (!certificate) return bad_request(fmt::format("{} is not a PEM certificate: {}", what, openssl_error()));
  return certificate;
}

Result<KeyPtr> parse_key(const std::string& pem, std::string_view what) {
  ERR_clear_error();
  const BioPtr bio = read_from(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key)
    return bad_request(
        fmt::format("{} is not a PEM private key without passphrase: {}", what, openssl_error()));
  return key;
}

Result<CertifiedKey> create_certificate_authority(std::string common_name, WallTime now, Duration validity) {
  ERR_clear_error();
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return failed("generate a key");
  CertificateRequest request;
  request.common_name = std::move(common_name);
  const CertificatePtr certificate = new_certificate(request, *key, now, validity);
  X509* self = certificate.get();
  X509_set_issuer_name(self, X509_get_subject_name(self));
  const bool extended =
      add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE") &&
      add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature") &&
      add_extension(self, self, NID_subject_key_identifier, "hash");
  if (!extended || X509_sign(self, key.get(), EVP_sha256()) == 0) return failed("sign a certificate");
  CertifiedKey made;
  made.certificate_pem = pem_of(*certificate);
  made.key_pem = pem_of(*key);
  return made;
}

Result<CertifiedKey> issue_certificate(const CertifiedKey& authority, const CertificateRequest& request,
                                       WallTime now, Duration validity) {
  TRY(const CertificatePtr issuer,
      parse_certificate(authority.certificate_pem, "the authority's certificate"));
  TRY(const KeyPtr issuer_key, parse_key(authority.key_pem, "the authority's key"));
  TRY(const std::string names, alternative_names(request));
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return failed("generate a key");
  const CertificatePtr certificate = new_certificate(request, *key, now, validity);
  X509* made = certificate.get();
  X509_set_issuer_name(made, X509_get_subject_name(issuer.get()));
  const bool extended =
      add_extension(made, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(made, issuer.get(), NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
      add_extension(made, issuer.get(), NID_ext_key_usage,
                    request.for_client ? "clientAuth" : "serverAuth") &&
      add_extension(made, issuer.get(), NID_authority_key_identifier, "keyid") &&
      (names.empty() || add_extension(made, issuer.get(), NID_subject_alt_name, names));
  if (!extended || X509_sign(made, issuer_key.get(), EVP_sha256()) == 0) return failed("sign a certificate");
  CertifiedKey result;
  result.certificate_pem = pem_of(*certificate);
  result.key_pem = pem_of(*key);
  return result;
}

Result<CertificateInfo> read_certificate(const std::string& certificate_pem) {
  TRY(const CertificatePtr certificate, parse_certificate(certificate_pem, "the text"));
  CertificateInfo info;
  info.common_name = common_name_of(*certificate);
  info.organizations = organizations_of(*certificate);
  std::tm end = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return bad_request("the certificate's end of validity is malformed");
  }
  info.not_after = WallTime(std::chrono::seconds(timegm(&end)));
  return info;
}

}  // namespace heirloom::net
