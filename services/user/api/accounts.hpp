// What auth knows of a person: asked with a service token, kept in memory for a short time only: the column key at most
// five minutes, the e-mail address at most one. A person whose secret was destroyed is not-found at auth, and after
// that time unreadable here. One per worker; holds at most `limit` people, the oldest answer makes room.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "kit/auth/service_token.hpp"
#include "kit/base/sealing.hpp"
#include "kit/base/secret.hpp"
#include "kit/base/uuid.hpp"
#include "kit/http/client.hpp"

namespace evc::user {

struct AccountData {
  Personal<std::string> email;
  Personal<std::string> name;
  SealKey column_key;
  WallTime created_at{};
};

class Accounts {
 public:
  struct Limits {
    std::chrono::seconds key_life{300};
    std::chrono::seconds email_life{60};
    std::size_t limit = 1000;
  };
  Accounts(std::shared_ptr<http::Client> auth, std::shared_ptr<evc::auth::ServiceTokens> tokens, Limits limits);

  // token-invalid when the account is gone; upstream-failed for an answer that is none.
  Task<Result<AccountData>> account(RequestContext& context, Uuid id);
  Task<Result<SealKey>> column_key(RequestContext& context, Uuid id);
  // Asked anew next time; nothing of this person stays here.
  void forget(const Uuid& id);
  std::size_t cached() const { return entries_.size(); }

 private:
  struct Entry {
    AccountData data;
    SteadyTime fetched_at{};
  };
  Task<Result<AccountData>> fetch(RequestContext& context, Uuid id);
  const Entry* fresh(const RequestContext& context, const Uuid& id, std::chrono::seconds life);
  void keep(const RequestContext& context, const Uuid& id, const AccountData& data);

  std::shared_ptr<http::Client> auth_;
  std::shared_ptr<evc::auth::ServiceTokens> tokens_;
  Limits limits_;
  std::unordered_map<Uuid, Entry> entries_;
  std::deque<Uuid> oldest_first_;
};

}  // namespace evc::user
