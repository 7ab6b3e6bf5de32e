#include "services/user/api/accounts.hpp"

#include <algorithm>

#include "kit/base/bytes.hpp"
#include "kit/base/json.hpp"

namespace evc::user {
namespace {

constexpr std::size_t kKeyBytes = 32;

struct AccountAnswer {
  Personal<std::string> email;
  Personal<std::string> name;
  Secret<std::string> column_key;
  WallTime created_at{};
};
BOOST_DESCRIBE_STRUCT(AccountAnswer, (), (email, name, column_key, created_at))

Result<AccountData> account_of(std::string_view body) {
  auto answer = json::decode_text<AccountAnswer>(body, json::Unknown::kIgnore);
  if (!answer) return fail(Code::kUpstreamFailed, "auth's answer about an account is not understood");
  const auto key = base64url_decode(answer->column_key.reveal());
  if (!key || key->size() != kKeyBytes)
    return fail(Code::kUpstreamFailed, "auth's answer about an account has no column key");
  return AccountData{.email = std::move(answer->email),
                     .name = std::move(answer->name),
                     .column_key = SealKey(*key),
                     .created_at = answer->created_at};
}

}  // namespace

Accounts::Accounts(std::shared_ptr<http::Client> auth, std::shared_ptr<evc::auth::ServiceTokens> tokens, Limits limits)
    : auth_(std::move(auth)), tokens_(std::move(tokens)), limits_(limits) {}

Task<Result<AccountData>> Accounts::account(RequestContext& context, Uuid id) {
  if (const Entry* entry = fresh(context, id, limits_.email_life)) co_return entry->data;
  co_return co_await fetch(context, id);
}

Task<Result<SealKey>> Accounts::column_key(RequestContext& context, Uuid id) {
  if (const Entry* entry = fresh(context, id, limits_.key_life)) co_return entry->data.column_key;
  EVC_CO_TRY(data, co_await fetch(context, id));
  co_return data.column_key;
}

Task<Result<AccountData>> Accounts::fetch(RequestContext& context, Uuid id) {
  EVC_CO_TRY(token, co_await tokens_->token(context));
  http::Call call{.method = "GET",
                  .target = "/internal/accounts/" + to_string(id),
                  .route_class = "/internal/accounts/{userId}",
                  .repeat = http::Call::Repeat::kIdempotent};
  call.headers.set("authorization", "Bearer " + token);
  EVC_CO_TRY(response, co_await auth_->send(context, std::move(call)));
  if (response.status == 404) co_return fail(Code::kTokenInvalid);
  if (response.status == 503) co_return fail(Code::kServiceUnavailable, "auth is not available");
  if (response.status != 200) co_return fail(Code::kUpstreamFailed, "auth did not answer about an account");
  EVC_CO_TRY(data, account_of(response.body));
  keep(context, id, data);
  co_return data;
}

const Accounts::Entry* Accounts::fresh(const RequestContext& context, const Uuid& id, std::chrono::seconds life) {
  const SteadyTime now = context.clock->steady();
  // What nobody asks for again must not stay longer than its life either.
  while (!oldest_first_.empty() && entries_.at(oldest_first_.front()).fetched_at + limits_.key_life <= now) {
    entries_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  const auto found = entries_.find(id);
  if (found == entries_.end()) return nullptr;
  Entry& entry = found->second;
  if (entry.fetched_at + limits_.email_life <= now) entry.data.email = Personal<std::string>();
  return entry.fetched_at + life > now ? &entry : nullptr;
}

void Accounts::forget(const Uuid& id) {
  if (entries_.erase(id) > 0) std::erase(oldest_first_, id);
}

void Accounts::keep(const RequestContext& context, const Uuid& id, const AccountData& data) {
  if (entries_.contains(id)) {
    std::erase(oldest_first_, id);
  } else if (entries_.size() >= limits_.limit) {
    entries_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  entries_.insert_or_assign(id, Entry{.data = data, .fetched_at = context.clock->steady()});
  oldest_first_.push_back(id);
}

}  // namespace evc::user
