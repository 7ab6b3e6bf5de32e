#include "services/integrations/store/provider_update_store.hpp"

namespace evc::integrations::store {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kTake{"integrations.webhook.take", R"(
  INSERT INTO provider_update (provider, webhook_id, event_id) VALUES ($1, $2, '00000000-0000-0000-0000-000000000000') ON CONFLICT DO NOTHING)"};
constexpr Statement kFind{"integrations.webhook.find",
                          "SELECT event_id FROM provider_update WHERE provider = $1 AND webhook_id = $2"};
constexpr Statement kSetEvent{"integrations.webhook.event",
                              "UPDATE provider_update SET event_id = $3 WHERE provider = $1 AND webhook_id = $2"};

}  // namespace

Task<Result<std::optional<Uuid>>> take_webhook(RequestContext& context, postgres::Transaction& transaction,
                                               std::string provider, std::string webhook_id) {
  EVC_CO_TRY(taken, co_await transaction.exec(context, kTake, Params(provider, webhook_id)));
  if (taken.affected() == 1) co_return std::nullopt;
  EVC_CO_TRY(rows, co_await transaction.exec(context, kFind, Params(provider, webhook_id)));
  if (rows.empty()) co_return fail(Code::kDatabaseConflict, "the first one was undone meanwhile");
  co_return rows.get<Uuid>(0, 0);
}

Task<Result<void>> set_webhook_event(RequestContext& context, postgres::Transaction& transaction, std::string provider,
                                     std::string webhook_id, Uuid event_id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kSetEvent, Params(provider, webhook_id, event_id)));
  co_return Result<void>{};
}

}  // namespace evc::integrations::store
