#include "services/auth/store/keystore_key.hpp"

#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kIdBytes = 8;

std::optional<std::string> secret_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  std::string secret = text.str();
  secret.erase(secret.find_last_not_of(" \t\r\n") + 1);
  if (!file || secret.empty()) return std::nullopt;
  return secret;
}

// The successor is read first: when it takes its predecessor's place in between, it is met there.
std::vector<KeystoreKey::Named> read_files(const std::string& path) {
  std::vector<KeystoreKey::Named> keys;
  for (const std::string& each : {next_key_file(path), path}) {
    const auto secret = secret_in(each);
    if (secret) keys.push_back(KeystoreKey::named(*secret));
  }
  return keys;
}

}  // namespace

struct KeystoreKey::Shared {
  std::string path;  // empty: there is no file
  std::mutex mutex;
  std::vector<Named> keys;
};

KeystoreKey::KeystoreKey(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

KeystoreKey::KeystoreKey(SealKey only) : shared_(std::make_shared<Shared>()) {
  const SealKey id = derive_key(only, "keystore key id");
  shared_->keys = {{.id = hex_encode(std::string_view(id.reveal()).substr(0, kIdBytes)), .key = std::move(only)}};
}

KeystoreKey::Named KeystoreKey::named(std::string_view secret) {
  return KeystoreKey(derive_key(SealKey(std::string(secret)), "evcosta auth keystore")).all().front();
}

KeystoreKey KeystoreKey::from_file(std::string path) {
  auto shared = std::make_shared<Shared>();
  shared->keys = read_files(path);
  if (!secret_in(path)) throw std::runtime_error("the secret " + path + " is missing or empty");
  shared->path = std::move(path);
  return KeystoreKey(std::move(shared));
}

std::vector<KeystoreKey::Named> KeystoreKey::all() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->keys;
}

std::optional<SealKey> KeystoreKey::find(const std::string& id) const {
  const std::scoped_lock lock(shared_->mutex);
  for (const bool again : {false, true}) {
    if (again && shared_->path.empty()) break;
    if (again) shared_->keys = read_files(shared_->path);
    for (const Named& each : shared_->keys)
      if (each.id == id) return each.key;
  }
  return std::nullopt;
}

std::string next_key_file(const std::string& path) {
  return path + ".next";
}

}  // namespace evc::auth_service
