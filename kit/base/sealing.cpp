#include "kit/base/sealing.hpp"

#include <openssl/evp.h>

#include <memory>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"

namespace evc {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, ContextFree>;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

std::string seal(const SealKey& key, std::string_view plain, std::string_view place) {
  EVC_ASSERT(key.reveal().size() == kKeyBytes);
  const std::string nonce = random_bytes(kNonceBytes);
  std::string cipher(plain.size(), '\0');
  std::string tag(kTagBytes, '\0');
  CipherContext context(EVP_CIPHER_CTX_new());
  int length = 0;
  EVC_ASSERT(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, raw(key.reveal()), raw(nonce)) == 1);
  EVC_ASSERT(EVP_EncryptUpdate(context.get(), nullptr, &length, raw(place), static_cast<int>(place.size())) == 1);
  EVC_ASSERT(EVP_EncryptUpdate(context.get(), raw(cipher), &length, raw(plain), static_cast<int>(plain.size())) == 1);
  EVC_ASSERT(EVP_EncryptFinal_ex(context.get(), raw(cipher) + length, &length) == 1);
  EVC_ASSERT(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, raw(tag)) == 1);
  return kVersion + nonce + cipher + tag;
}

Result<std::string> open_sealed(const SealKey& key, std::string_view sealed, std::string_view place) {
  EVC_ASSERT(key.reveal().size() == kKeyBytes);
  if (sealed.size() < 1 + kNonceBytes + kTagBytes || sealed.front() != kVersion)
    return fail(Code::kInternal, "a sealed value is damaged");
  const std::string_view nonce = sealed.substr(1, kNonceBytes);
  const std::string_view cipher = sealed.substr(1 + kNonceBytes, sealed.size() - 1 - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plain(cipher.size(), '\0');
  CipherContext context(EVP_CIPHER_CTX_new());
  int length = 0;
  bool good = EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, raw(key.reveal()), raw(nonce)) == 1;
  good = good && EVP_DecryptUpdate(context.get(), nullptr, &length, raw(place), static_cast<int>(place.size())) == 1;
  good =
      good && EVP_DecryptUpdate(context.get(), raw(plain), &length, raw(cipher), static_cast<int>(cipher.size())) == 1;
  good = good && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, raw(tag)) == 1;
  good = good && EVP_DecryptFinal_ex(context.get(), raw(plain) + length, &length) == 1;
  if (!good) return fail(Code::kInternal, "a sealed value does not open with this key and place");
  return plain;
}

SealKey derive_key(const SealKey& key, std::string_view purpose) {
  const Digest digest = hmac_sha256(key.reveal(), purpose);
  return SealKey(std::string(view(digest)));
}

}  // namespace evc
