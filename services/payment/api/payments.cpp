#include "services/payment/api/payments.hpp"

#include <charconv>

#include "kit/base/bytes.hpp"
#include "kit/http/operation.hpp"
#include "services/payment/api/views.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

constexpr std::int64_t kDefaultLimit = 50;
constexpr std::int64_t kLargestLimit = 200;

std::string cursor_of(const Payment& payment) {
  return base64url_encode(std::to_string(payment.created_at.time_since_epoch().count()) + "." + to_string(payment.id));
}

Result<std::pair<WallTime, Uuid>> position_of(std::string_view cursor) {
  const auto bad = fail_field("?cursor", "is not a cursor of ours");
  const auto text = base64url_decode(cursor);
  const std::size_t dot = text ? text->find('.') : std::string::npos;
  if (dot == std::string::npos) return bad;
  std::int64_t microseconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + dot, microseconds);
  const auto id = parse_uuid(std::string_view(*text).substr(dot + 1));
  if (error != std::errc{} || end != text->data() + dot || !id) return bad;
  return std::pair{WallTime{std::chrono::microseconds{microseconds}}, *id};
}

Result<store::Page> page_of(const RequestContext& context, const http::Request& request) {
  store::Page page{.puid = context.principal.puid, .limit = kDefaultLimit};
  if (const auto limit = request.query.get("limit")) {
    const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
    if (error != std::errc{} || end != limit->data() + limit->size() || page.limit < 1 || page.limit > kLargestLimit)
      return fail_field("?limit", "must be from 1 to 200");
  }
  if (const auto session = request.query.get("sessionId")) {
    const auto id = parse_uuid(*session);
    if (!id) return fail_field("?sessionId", "is not a UUID");
    page.session_id = *id;
  }
  if (const auto cursor = request.query.get("cursor")) {
    EVC_TRY(position, position_of(*cursor));
    page.after = position;
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
  if (!page) co_return http::problem(page.error(), context);
  const auto limit = static_cast<std::size_t>(page->limit);
  auto payments = co_await store::list(context, pool_, std::move(*page));
  if (!payments) co_return http::problem(payments.error(), context);
  json::Object body;
  const bool more = payments->size() > limit;
  if (more) payments->resize(limit);
  json::Array views;
  for (const Payment& payment : *payments) views.push_back(payment_view(payment));
  body["payments"] = std::move(views);
  if (more) body["nextCursor"] = cursor_of(payments->back());
  co_return http::no_store(http::Response::json(200, body));
}

Task<http::Response> Payments::find(RequestContext& context, http::Request& request) {
  const auto text = request.path_parameter("paymentId");
  const auto id = text ? parse_uuid(*text) : Result<Uuid>(fail(Code::kPaymentNotFound));
  if (!id) co_return http::problem({.code = Code::kPaymentNotFound}, context);
  auto payment = co_await store::find_of_driver(context, pool_, context.principal.puid, *id);
  if (!payment) co_return http::problem(payment.error(), context);
  if (!*payment) co_return http::problem({.code = Code::kPaymentNotFound}, context);
  co_return http::no_store(http::Response::json(200, payment_view(**payment)));
}

}  // namespace evc::payment
