// Passwords: the rules for a new one and the Argon2id hash (19 MiB, 2 passes, 1 lane: the OWASP minimum) over an HMAC
// with a pepper that is kept outside the database. hash and verify burn about 30 ms of CPU and 19 MiB: they run on the
// hashing pool, never on a worker.
#pragma once

#include <string>
#include <string_view>

#include "kit/base/result.hpp"
#include "kit/base/secret.hpp"
#include "services/auth/domain/known_passwords.hpp"

namespace evc::auth_service {

// 15 to 128 characters (Unicode code points), nothing about composition, and none that is tried first by whoever
// guesses (NIST SP 800-63B-4 §3.1.1.2). A field error at `pointer` otherwise.
Result<void> check_new_password(std::string_view password, const KnownPasswords& known,
                                std::string pointer = "/password");

// What a code or a mark is bound to, so that it dies with the password: tells nothing about it.
std::string password_digest(std::string_view password_hash);

class PasswordHasher {
 public:
  explicit PasswordHasher(Secret<std::string> pepper);
  // PHC string.
  std::string hash(std::string_view password) const;
  bool verify(std::string_view password, const std::string& phc) const;
  // A hash that no password matches, with the same cost: what an unknown account is checked against.
  const std::string& decoy() const { return decoy_; }

 private:
  std::string peppered(std::string_view password) const;
  Secret<std::string> pepper_;
  std::string decoy_;
};

}  // namespace evc::auth_service
