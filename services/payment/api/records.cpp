#include "services/payment/api/records.hpp"

#include "kit/http/operation.hpp"
#include "kit/http/page.hpp"
#include "services/payment/api/views.hpp"
#include "services/payment/store/payment_store.hpp"
#include "services/payment/store/refund_store.hpp"

namespace evc::payment {
namespace {

struct PersonRef {
  std::string user_id;
};
BOOST_DESCRIBE_STRUCT(PersonRef, (), (user_id))

Result<store::Page> page_of(const http::Request& request) {
  EVC_TRY(person, http::body_as<PersonRef>(request));
  EVC_TRY(limit, http::read_page_limit(request));
  EVC_TRY(after, http::read_page_cursor(request));
  return store::Page{.puid = person.user_id, .after = after, .limit = limit};
}

// Without the operators and their notes: those are not about the person.
json::Object refund_record(const Payment& payment, const Refund& refund) {
  json::Object record{{"refundId", to_string(refund.id)},
                      {"amount", json::encode(payment.money(refund.amount))},
                      {"reason", name_of(refund.reason)},
                      {"state", name_of(refund.state)},
                      {"requestedAt", format_rfc3339(refund.requested_at)}};
  if (refund.decided_at) record["decidedAt"] = format_rfc3339(*refund.decided_at);
  if (refund.finished_at) record["finishedAt"] = format_rfc3339(*refund.finished_at);
  return record;
}

}  // namespace

void PersonRecords::add_routes(http::Router& router) {
  http::add_operation(router, "payment", "getPaymentRecords",
                      [this](RequestContext& context, http::Request& request) { return list(context, request); });
  http::add_operation(router, "payment", "countOpenPayments",
                      [this](RequestContext& context, http::Request& request) { return count(context, request); });
}

Task<Result<json::Array>> PersonRecords::records(RequestContext& context, std::vector<Payment> payments) {
  json::Array listed;
  for (const Payment& payment : payments) {
    EVC_CO_TRY(refunds, co_await store::refunds_of(context, pool_, payment.id));
    json::Array asked;
    for (const Refund& refund : refunds) asked.push_back(refund_record(payment, refund));
    listed.push_back(json::Object{{"payment", payment_view(payment)}, {"refunds", std::move(asked)}});
  }
  co_return listed;
}

Task<http::Response> PersonRecords::list(RequestContext& context, http::Request& request) {
  auto page = page_of(request);
  if (!page) co_return http::problem(page.error(), context, request.path);
  const auto limit = static_cast<std::size_t>(page->limit);
  auto payments = co_await store::list(context, pool_, std::move(*page));
  if (!payments) co_return http::problem(payments.error(), context, request.path);
  const bool more = payments->size() > limit;
  if (more) payments->resize(limit);
  json::Object body;
  if (more) body["nextCursor"] = http::page_cursor(payments->back().created_at, payments->back().id);
  auto listed = co_await records(context, std::move(*payments));
  if (!listed) co_return http::problem(listed.error(), context, request.path);
  body["payments"] = std::move(*listed);
  co_return http::no_store(http::Response::json(200, body));
}

Task<http::Response> PersonRecords::count(RequestContext& context, http::Request& request) {
  auto person = http::body_as<PersonRef>(request);
  if (!person) co_return http::problem(person.error(), context, request.path);
  auto open = co_await store::count_open(context, pool_, std::move(person->user_id));
  if (!open) co_return http::problem(open.error(), context, request.path);
  co_return http::no_store(http::Response::json(200, json::Object{{"open", *open}}));
}

}  // namespace evc::payment
