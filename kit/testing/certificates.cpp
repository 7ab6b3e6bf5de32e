#include "kit/testing/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace evc::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  if (extension == nullptr) throw std::runtime_error("extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate make_certificate(const std::string& common_name, EVP_PKEY* key) {
  static long serial = 1;
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                             -1, 0);
  return certificate;
}

struct File {
  explicit File(const std::string& path) : handle(std::fopen(path.c_str(), "w")) {
    if (handle == nullptr) throw std::runtime_error("cannot write " + path);
  }
  ~File() { std::fclose(handle); }
  std::FILE* handle;
};

}  // namespace

struct Certificates::Authority {
  Key key = make_key();
  Certificate certificate = make_certificate("test authority", key.get());
};

Certificates::Certificates(const std::vector<std::string>& names) : authority_(std::make_unique<Authority>()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "evc-certificates.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  dir_ = pattern;
  X509* authority = authority_->certificate.get();
  X509_set_issuer_name(authority, X509_get_subject_name(authority));
  add_extension(authority, authority, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority, authority, NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(authority, authority_->key.get(), EVP_sha256());
  const File file(dir_ + "/ca.pem");
  PEM_write_X509(file.handle, authority);
  for (const std::string& name : names) renew(name);
}

Certificates::~Certificates() {
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

void Certificates::renew(const std::string& name) {
  X509* authority = authority_->certificate.get();
  const Key key = make_key();
  const Certificate certificate = make_certificate(name, key.get());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority));
  add_extension(certificate.get(), authority, NID_subject_alt_name,
                "DNS:" + name + ".evcosta.internal,DNS:localhost,IP:127.0.0.1");
  add_extension(certificate.get(), authority, NID_ext_key_usage, "serverAuth,clientAuth");
  X509_sign(certificate.get(), authority_->key.get(), EVP_sha256());
  const File certificate_file(dir_ + "/" + name + ".crt");
  PEM_write_X509(certificate_file.handle, certificate.get());
  const File key_file(dir_ + "/" + name + ".key");
  PEM_write_PrivateKey(key_file.handle, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

}  // namespace evc::testing
