// Ids and pseudonyms of people. `sub` is random and stays inside auth and user; everybody else sees a pseudonym that
// only the person's secret links to it.
#pragma once

#include <string>
#include <string_view>

#include "kit/base/sealing.hpp"
#include "kit/base/uuid.hpp"

namespace evc::auth_service {

// 122 random bits (RFC 9562 version 4): unlike version 7 it does not tell when the account was made.
Uuid random_uuid();
// 32 random bytes; destroying it makes every pseudonym of the person unlinkable.
SealKey new_person_secret();
// "p1." + base32(HMAC-SHA-256(secret, domain)[0..16)); domain: events, analytics.
std::string pseudonym(const SealKey& person_secret, std::string_view domain);
// The key under which the person's columns are sealed, in this service or another.
SealKey column_key(const SealKey& person_secret, std::string_view service);
// 32 bytes that the person's authenticators keep beside a passkey and give back: tells nothing, and nothing at all once
// the secret is gone.
std::string passkey_user_handle(const SealKey& person_secret);
// Trimmed and lower-cased: how addresses are compared. validation-failed at /email when it is no address (one @, a dot
// in the domain, ≤ 254 bytes).
Result<std::string> normalise_email(std::string_view email);
// What the database searches for instead of the address.
std::string blind_index(const SealKey& index_key, std::string_view normalised_email);

}  // namespace evc::auth_service
