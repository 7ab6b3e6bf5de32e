#include "kit/net/identity.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include "kit/base/clock.hpp"

namespace evc::net {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Bytes = std::unique_ptr<BIO, decltype(&BIO_free)>;

// Contents of the three files.
struct Material {
  std::string ca, certificate, key;
  bool operator==(const Material&) const = default;
};

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file || text.str().empty()) return fail(Code::kInternal, path + ": cannot be read");
  return text.str();
}

Result<Material> read_all(const TlsFiles& files) {
  EVC_TRY(ca, read_file(files.ca));
  EVC_TRY(certificate, read_file(files.certificate));
  EVC_TRY(key, read_file(files.key));
  return Material{std::move(ca), std::move(certificate), std::move(key)};
}

Bytes bytes_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// When the certificate ends, if the key is its own.
Result<long long> end_of_pair(const Material& material, const TlsFiles& files) {
  const auto certificate_bytes = bytes_of(material.certificate);
  const auto key_bytes = bytes_of(material.key);
  const Certificate certificate(PEM_read_bio_X509(certificate_bytes.get(), nullptr, nullptr, nullptr), X509_free);
  const Key key(PEM_read_bio_PrivateKey(key_bytes.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (!certificate) return fail(Code::kInternal, files.certificate + ": no certificate");
  if (!key) return fail(Code::kInternal, files.key + ": no key");
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return fail(Code::kInternal, files.key + ": not the key of " + files.certificate);
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1)
    return fail(Code::kInternal, files.certificate + ": no end");
  return timegm(&end);
}

// A file without a name. libpq wants that only its owner may read a key.
class MemoryFile {
 public:
  MemoryFile(const char* name, const std::string& content) : descriptor_(::memfd_create(name, MFD_CLOEXEC)) {
    std::size_t written = 0;
    while (descriptor_ >= 0 && written < content.size()) {
      const auto count = ::write(descriptor_, content.data() + written, content.size() - written);
      if (count <= 0) break;
      written += static_cast<std::size_t>(count);
    }
    if (written < content.size() || ::fchmod(descriptor_, S_IRUSR | S_IWUSR) != 0)
      throw std::runtime_error("no memory file for a certificate");
  }
  ~MemoryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

struct HeldState : IdentityState {
  explicit HeldState(const Material& material)
      : ca("ca", material.ca), certificate("certificate", material.certificate), key("key", material.key) {
    files = {.ca = ca.path(), .certificate = certificate.path(), .key = key.path()};
  }
  MemoryFile ca, certificate, key;
};

std::shared_ptr<const IdentityState> make_state(const Material& material, std::uint64_t version, long long not_after) {
  auto state = std::make_shared<HeldState>(material);
  state->version = version;
  state->not_after = not_after;
  return state;
}

}  // namespace

struct Identity::Impl {
  explicit Impl(TlsFiles its_files) : files(std::move(its_files)) {}

  Result<void> read() {
    EVC_TRY(found, read_all(files));
    if (state && found == material) return {};
    EVC_TRY(not_after, end_of_pair(found, files));
    state = make_state(found, state ? state->version + 1 : 1, not_after);
    material = std::move(found);
    return {};
  }

  const TlsFiles files;
  std::mutex mutex;
  Material material;
  std::shared_ptr<const IdentityState> state;
  SteadyTime next_look{};
};

Identity::Identity(TlsFiles files) : impl_(std::make_unique<Impl>(std::move(files))) {
  if (const auto read = impl_->read(); !read) throw std::runtime_error("TLS: " + read.error().detail);
  impl_->next_look = std::chrono::steady_clock::now() + kLook;
}
Identity::~Identity() = default;

const TlsFiles& Identity::files() const {
  return impl_->files;
}

std::shared_ptr<const IdentityState> Identity::current() {
  const std::lock_guard lock(impl_->mutex);
  const auto now = std::chrono::steady_clock::now();
  if (now < impl_->next_look) return impl_->state;
  impl_->next_look = now + kLook;
  // Whatever is wrong with the files now, the state in use is good.
  [[maybe_unused]] const auto read = impl_->read();
  return impl_->state;
}

}  // namespace evc::net
