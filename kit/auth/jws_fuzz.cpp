// libFuzzer over compact tokens, in two ways. Any text: it is refused or read, and whatever it claims, its check
// against a key that did not sign it fails. A token of ours with bytes changed: it is refused unless it still says the
// same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "kit/auth/claims.hpp"

namespace {

using namespace evc;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Signer {
  auth::SigningKey key = auth::SigningKey::generate();
  auth::PublicKey check = *auth::PublicKey::from_jwk(key.public_jwk());
  std::string token = key.sign("at+jwt", {{"iss", "https://localhost:8443"},
                                          {"aud", "evcosta"},
                                          {"sub", "s"},
                                          {"exp", 1'000'600},
                                          {"iat", 1'000'000},
                                          {"jti", "t"},
                                          {"scope", "profile:read"}});
};

const Signer& signer() {
  static const Signer made;
  return made;
}

void any_text(std::string_view text) {
  const auto token = auth::parse_jws(text);
  if (!token) return;
  require(!signer().check.verify(*token).has_value());
  const WallTime now{std::chrono::seconds{1'000'100}};
  const auto accepted = auth::check_claims(*token, {.issuer = "https://localhost:8443", .audience = "evcosta"}, now);
  if (accepted) require(accepted->expires_at > now - std::chrono::seconds{31});
}

// Each three bytes, a place and a character, replace one character of the token.
void changed_token(std::string_view changes) {
  std::string token = signer().token;
  for (std::size_t i = 0; i + 2 < changes.size(); i += 3) {
    const auto place = static_cast<unsigned char>(changes[i]) * 256U + static_cast<unsigned char>(changes[i + 1]);
    token[place % token.size()] = changes[i + 2];
  }
  const auto parsed = auth::parse_jws(token);
  if (!parsed || token == signer().token) return;
  require(!signer().check.verify(*parsed).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 0) {
    any_text(rest);
  } else {
    changed_token(rest);
  }
  return 0;
}
