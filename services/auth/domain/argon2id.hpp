// Argon2id (RFC 9106) over the reference implementation, with the memory of a thread kept from one run to the next:
// 19 MiB that are mapped and faulted in anew for every password cost about as much as the hash itself. The memory goes
// with the thread; libargon2 wipes it at the end of every run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace evc::auth_service {

struct Argon2Cost {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::uint32_t lanes = 1;
};

// `$argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>` (the PHC string format), base64 without padding.
struct PhcString {
  Argon2Cost cost;
  std::string salt;
  std::string hash;
};
std::string to_text(const PhcString& phc);
// nullopt for another algorithm, version or form.
std::optional<PhcString> parse_phc(std::string_view text);

// nullopt for a cost that the algorithm does not allow.
std::optional<std::string> argon2id(std::string_view input, std::string_view salt, Argon2Cost cost,
                                    std::size_t hash_bytes);

}  // namespace evc::auth_service
