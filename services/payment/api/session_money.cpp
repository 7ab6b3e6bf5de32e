#include "services/payment/api/session_money.hpp"

#include "kit/http/operation.hpp"
#include "kit/messaging/told_events.hpp"
#include "services/payment/api/views.hpp"
#include "services/payment/store/ledger_reader.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

json::Array transfers_view(const std::vector<store::TransferRow>& transfers) {
  json::Array views;
  for (const store::TransferRow& row : transfers)
    views.push_back(json::Object{{"position", row.position},
                                 {"kind", row.kind},
                                 {"debit", row.debit},
                                 {"credit", row.credit},
                                 {"amount", json::encode(row.amount)},
                                 {"at", format_rfc3339(row.at)}});
  return views;
}

}  // namespace

void SessionMoney::add_routes(http::Router& router) {
  http::add_operation(router, "payment", "getPaymentSession",
                      [this](RequestContext& context, http::Request& request) { return find(context, request); });
}

Task<Result<http::Response>> SessionMoney::all_of(RequestContext& context, http::Request& request) {
  const auto id = parse_uuid(request.path_parameters.at("sessionId"));
  if (!id) co_return fail(Code::kNotFound);
  EVC_CO_TRY(payments, co_await store::of_session(context, pool_, *id));
  EVC_CO_TRY(transfers, co_await store::transfers_of_session(context, pool_, *id));
  EVC_CO_TRY(events, co_await messaging::told_events(context, pool_, "payment.events", to_string(*id)));
  json::Array views;
  for (const Payment& payment : payments) views.push_back(payment_view(payment));
  co_return http::no_store(http::Response::json(200, json::Object{{"payments", std::move(views)},
                                                                  {"transfers", transfers_view(transfers)},
                                                                  {"events", std::move(events)}}));
}

Task<http::Response> SessionMoney::find(RequestContext& context, http::Request& request) {
  auto answer = co_await all_of(context, request);
  co_return answer ? std::move(*answer) : http::problem(answer.error(), context, request.path);
}

}  // namespace evc::payment
