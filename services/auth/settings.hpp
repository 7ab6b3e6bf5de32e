// The service's own settings (section `auth` of config.yaml).
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "kit/base/config_decode.hpp"

namespace evc::auth_service {

struct AuthSettings {
  std::string issuer;                 // also the public base URL of links in mails
  std::int64_t access_token_s = 600;  // at most 900
  std::int64_t service_token_s = 600;
  std::int64_t verification_hours = 24;
  std::int64_t mailed_code_minutes = 30;   // codes to replace a password or to confirm an address
  std::int64_t failures_per_account = 10;  // wrong passwords for one account in 15 minutes
  std::int64_t failures_per_address = 30;  // … from one address in a minute
  std::int64_t hashing_queue = 64;         // logins waiting for the hashing thread; more are answered 503
  std::int64_t hashing_threads = 1;
  // A browser that asks nothing for so long is signed out of our console. Below the 12 hours of the browser's sign-in
  // at the provider the way back in asks no question.
  std::int64_t browser_idle_minutes = 720;
  std::int64_t browser_life_hours = 168;     // … and any one so long after its sign-in
  std::string mail_spool_dir;                // one .eml file per mail
  std::string known_passwords;               // the list of those that nobody may choose, one a line
  std::string page_assets;                   // folder of the sign-in pages' style sheet and logo
  std::string tombstone_file;                // who was erased; outside the databases and their backups
  std::string passkey_party_id;              // the domain that passkeys hold for; empty: the issuer's host
  std::vector<std::string> passkey_origins;  // whose pages and apps may use them; empty: the issuer alone

  void check(SettingLimits& limits) const {
    limits.range<std::int64_t>("access_token_s", access_token_s, 1, 900);
    limits.range<std::int64_t>("service_token_s", service_token_s, 1, 900);
    limits.range<std::int64_t>("browser_idle_minutes", browser_idle_minutes, 1, 30 * 24 * 60);
    limits.range<std::int64_t>("browser_life_hours", browser_life_hours, 1, 90 * 24);
  }
};
BOOST_DESCRIBE_STRUCT(AuthSettings, (),
                      (issuer, access_token_s, service_token_s, verification_hours, mailed_code_minutes,
                       failures_per_account, failures_per_address, hashing_queue, hashing_threads, browser_idle_minutes,
                       browser_life_hours, mail_spool_dir, known_passwords, page_assets, tombstone_file,
                       passkey_party_id, passkey_origins))

}  // namespace evc::auth_service
