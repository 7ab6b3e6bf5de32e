#include "services/payment/api/payments.hpp"

#include "kit/http/operation.hpp"
#include "kit/http/page.hpp"
#include "services/payment/api/views.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

Result<store::Page> page_of(const RequestContext& context, const http::Request& request) {
  EVC_TRY(limit, http::read_page_limit(request));
  EVC_TRY(after, http::read_page_cursor(request));
  store::Page page{.puid = context.principal.puid, .after = after, .limit = limit};
  if (const auto session = request.query.get("sessionId")) {
    const auto id = parse_uuid(*session);
    if (!id) return fail_field("?sessionId", "is not a UUID");
    page.session_id = *id;
  }
  return page;
}

}  // namespace

void Payments::add_routes(http::Router& router) {
  http::add_operation(router, "payment", "listPayments",
                      [this](RequestContext& context, http::Request& request) { return list(context, request); });
  http::add_operation(router, "payment", "getPayment",
                      [this](RequestContext& context, http::Request& request) { return find(context, request); });
}

Task<http::Response> Payments::list(RequestContext& context, http::Request& request) {
  auto page = page_of(context, request);
  if (!page) co_return http::problem(page.error(), context, request.path);
  const auto limit = static_cast<std::size_t>(page->limit);
  auto payments = co_await store::list(context, pool_, std::move(*page));
  if (!payments) co_return http::problem(payments.error(), context, request.path);
  json::Object body;
  const bool more = payments->size() > limit;
  if (more) payments->resize(limit);
  json::Array views;
  for (const Payment& payment : *payments) views.push_back(payment_view(payment));
  body["payments"] = std::move(views);
  if (more) body["nextCursor"] = http::page_cursor(payments->back().created_at, payments->back().id);
  co_return http::no_store(http::Response::json(200, body));
}

Task<http::Response> Payments::find(RequestContext& context, http::Request& request) {
  const auto text = request.path_parameter("paymentId");
  const auto id = text ? parse_uuid(*text) : Result<Uuid>(fail(Code::kPaymentNotFound));
  if (!id) co_return http::problem({.code = Code::kPaymentNotFound}, context, request.path);
  auto payment = co_await store::find_of_driver(context, pool_, context.principal.puid, *id);
  if (!payment) co_return http::problem(payment.error(), context, request.path);
  if (!*payment) co_return http::problem({.code = Code::kPaymentNotFound}, context, request.path);
  co_return http::no_store(http::Response::json(200, payment_view(**payment)));
}

}  // namespace evc::payment
