#include "kit/testing/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "kit/base/bytes.hpp"

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

void add_name(X509_NAME* name, const char* field, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                             0);
}

Certificate make_certificate(const std::string& common_name, EVP_PKEY* key, std::chrono::seconds life) {
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), random_u64() >> 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(life.count()));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  add_name(name, "O", "evcosta");
  add_name(name, "CN", common_name);
  return certificate;
}

struct File {
  File(const std::string& path, const char* mode) : handle(std::fopen(path.c_str(), mode)) {
    if (handle == nullptr) throw std::runtime_error("cannot open " + path);
  }
  ~File() { std::fclose(handle); }
  std::FILE* handle;
};

}  // namespace

struct Certificates::Authority {
  Key key;
  Certificate certificate;
};

namespace {

std::string make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "evc-certificates.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  return pattern;
}

}  // namespace

Certificates::Certificates(const std::vector<std::string>& names) : dir_(make_folder()) {
  Key authority_key = make_key();
  Certificate made = make_certificate("test authority", authority_key.get(), life_);
  X509* authority = made.get();
  X509_set_issuer_name(authority, X509_get_subject_name(authority));
  add_extension(authority, authority, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority, authority, NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(authority, authority_key.get(), EVP_sha256());
  const File file(dir_ + "/ca.pem", "w");
  PEM_write_X509(file.handle, authority);
  authority_ = std::make_unique<Authority>(std::move(authority_key), std::move(made));
  for (const std::string& name : names) renew(name);
}

Certificates::Certificates(const std::string& authority_dir, const std::vector<std::string>& names,
                           std::chrono::seconds life)
    : dir_(make_folder()), life_(life) {
  std::filesystem::copy(authority_dir + "/ca.pem", dir_ + "/ca.pem");
  const File key_file(authority_dir + "/ca.key", "r");
  const File certificate_file(authority_dir + "/ca.pem", "r");
  authority_ = std::make_unique<Authority>(
      Key(PEM_read_PrivateKey(key_file.handle, nullptr, nullptr, nullptr), EVP_PKEY_free),
      Certificate(PEM_read_X509(certificate_file.handle, nullptr, nullptr, nullptr), X509_free));
  if (!authority_->key || !authority_->certificate) throw std::runtime_error("no authority in " + authority_dir);
  for (const std::string& name : names) renew(name);
}

Certificates::~Certificates() {
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

void Certificates::renew(const std::string& name) {
  X509* authority = authority_->certificate.get();
  const Key key = make_key();
  const Certificate certificate = make_certificate(name, key.get(), life_);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority));
  add_extension(certificate.get(), authority, NID_subject_alt_name,
                "DNS:" + name + ".evcosta.internal,DNS:localhost,IP:127.0.0.1");
  add_extension(certificate.get(), authority, NID_ext_key_usage, "serverAuth,clientAuth");
  X509_sign(certificate.get(), authority_->key.get(), EVP_sha256());
  const std::string base = dir_ + "/" + name;
  {
    const File certificate_file(base + ".crt.new", "w");
    PEM_write_X509(certificate_file.handle, certificate.get());
    const File key_file(base + ".key.new", "w");
    ::fchmod(::fileno(key_file.handle), S_IRUSR | S_IWUSR);
    PEM_write_PrivateKey(key_file.handle, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }
  std::filesystem::rename(base + ".key.new", base + ".key");
  std::filesystem::rename(base + ".crt.new", base + ".crt");
  std::uint64_t serial = 0;
  ASN1_INTEGER_get_uint64(&serial, X509_get0_serialNumber(certificate.get()));
  serials_[name] = std::to_string(serial);
}

}  // namespace evc::testing
