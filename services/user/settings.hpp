// The service's own settings (section `user` of config.yaml).
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>

namespace evc::user {

struct UserSettings {
  std::string vehicles_file;
  std::int64_t key_cache_s = 300;
  std::int64_t email_cache_s = 60;
  std::int64_t cached_accounts = 1000;
};
BOOST_DESCRIBE_STRUCT(UserSettings, (), (vehicles_file, key_cache_s, email_cache_s, cached_accounts))

}  // namespace evc::user
