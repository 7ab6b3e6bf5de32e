// libFuzzer over what strangers send about accounts: cookies and device marks, User-Agents, addresses, stored password
// strings, new passwords, one-time codes. What is taken is within its limits, and nothing takes long.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "services/auth/domain/argon2id.hpp"
#include "services/auth/domain/device.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/password.hpp"
#include "services/auth/domain/totp.hpp"

namespace {

using namespace evc;
using namespace evc::auth_service;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const KnownPasswords known("password\n123456\ndragon\naaaaaa\n1234\n12345678\n");
  static const SealKey key(std::string(32, 'k'));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const WallTime now{std::chrono::seconds(1'790'000'000)};
  if (const auto mark = cookie(text, kDeviceCookie)) require(mark->size() < text.size());
  require(!marked_device(key, {"ana", "password"}, text, now) || text.size() > 40);
  const std::string label = device_label(text);
  require(!label.empty() && label.size() <= 64);
  if (const auto email = normalise_email(text)) require(email->size() <= 254 && normalise_email(*email) == *email);
  if (const auto phc = parse_phc(text)) require(parse_phc(to_text(*phc)).has_value());
  if (check_new_password(text, known)) require(!known.guessable(text));
  require(!matching_step(std::string(20, 's'), std::string(text), now, 0) || text.size() >= 6);
  return 0;
}
