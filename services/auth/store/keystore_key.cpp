#include "services/auth/store/keystore_key.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kIdBytes = 8;

// Read as kit/service reads a secret: space around it is no part of it.
std::optional<std::string> secret_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  std::string secret = text.str();
  constexpr std::string_view kSpace = " \t\r\n";
  secret.erase(secret.find_last_not_of(kSpace) + 1);
  secret.erase(0, secret.find_first_not_of(kSpace));
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

// Another text once either file is another.
std::string state_of_files(const std::string& path) {
  std::string state;
  for (const std::string& each : {next_key_file(path), path}) {
    struct stat about{};
    if (::stat(each.c_str(), &about) != 0) about = {};
    for (const auto part :
         {static_cast<std::int64_t>(about.st_ino), static_cast<std::int64_t>(about.st_size),
          static_cast<std::int64_t>(about.st_mtim.tv_sec), static_cast<std::int64_t>(about.st_mtim.tv_nsec)})
      state += std::to_string(part) + " ";
  }
  return state;
}

}  // namespace

struct KeystoreKey::Shared {
  std::string path;  // empty: there is no file
  std::mutex mutex;
  std::vector<Named> keys;
  std::string read_at;  // the state of the files when they were read

  const Named* known(const std::string& id) const {
    const auto found = std::ranges::find(keys, id, &Named::id);
    return found == keys.end() ? nullptr : &*found;
  }
  // What is known stays known: a row may have been read a moment before its key's file went, and files may be
  // unreadable for a moment.
  void read_again() {
    const std::string state = state_of_files(path);
    if (state == read_at) return;
    const std::vector<Named> present = read_files(path);
    auto place = keys.begin();
    for (const Named& each : present)
      if (known(each.id) == nullptr) place = std::next(keys.insert(place, each));
    if (!present.empty()) read_at = state;
  }
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
  if (shared_->known(id) == nullptr && !shared_->path.empty()) shared_->read_again();
  const Named* key = shared_->known(id);
  return key == nullptr ? std::nullopt : std::optional(key->key);
}

std::string next_key_file(const std::string& path) {
  return path + ".next";
}

}  // namespace evc::auth_service
