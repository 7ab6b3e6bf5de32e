// The key-encryption key of the keystore, from its file; during an exchange there are two: the one that is being
// replaced, and beside it in `<file>.next` its successor. Whoever meets the name of a key that is not known yet reads
// the files again, so that no process needs a word about an exchange. A value that is copied shares what it knows; any
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/sealing.hpp"

namespace evc::auth_service {

class KeystoreKey {
 public:
  struct Named {
    std::string id;  // 16 hexadecimal digits
    SealKey key;
  };

  // Throws when the file cannot be read.
  static KeystoreKey from_file(std::string path);
  // Without a file: the only one there is.
  KeystoreKey(SealKey only);  // NOLINT(google-explicit-constructor)

  // Those that are known, the newest first.
  std::vector<Named> all() const;
  // nullopt: it is in no file.
  std::optional<SealKey> find(const std::string& id) const;

  static Named named(std::string_view secret);

 private:
  struct Shared;
  explicit KeystoreKey(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

// Where the successor of the key in `path` stands during an exchange.
std::string next_key_file(const std::string& path);

}  // namespace evc::auth_service
