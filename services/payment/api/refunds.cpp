#include "services/payment/api/refunds.hpp"

#include "kit/http/operation.hpp"
#include "kit/http/page.hpp"
#include "services/payment/api/views.hpp"
#include "services/payment/domain/refunds.hpp"
#include "services/payment/store/payment_store.hpp"
#include "services/payment/store/refund_store.hpp"

namespace evc::payment {
namespace {

constexpr std::size_t kNoteLimit = 500;

struct RefundRequest {
  Uuid payment_id;
  Money amount;
  RefundReason reason = RefundReason::kOther;
  std::string note;
};
BOOST_DESCRIBE_STRUCT(RefundRequest, (), (payment_id, amount, reason, note))

Result<RefundRequest> read_request(const http::Request& request) {
  EVC_TRY(body, http::body_as<RefundRequest>(request));
  if (body.note.empty() || body.note.size() > kNoteLimit) return fail_field("/note", "1 to 500 characters");
  return body;
}

Result<Uuid> refund_id_of(const http::Request& request) {
  EVC_TRY(text, request.path_parameter("refundId"));
  const auto id = parse_uuid(text);
  if (!id) return fail(Code::kNotFound);
  return *id;
}

Result<store::RefundPage> read_page(const http::Request& request) {
  EVC_TRY(limit, http::read_page_limit(request));
  EVC_TRY(after, http::read_page_cursor(request));
  store::RefundPage page{.after = after, .limit = limit};
  if (const auto state = request.query.get("state")) {
    if (!from_name<RefundState>(*state)) return fail_field("?state", "is no state of a refund");
    page.state = *state;
  }
  if (const auto payment = request.query.get("paymentId")) {
    const auto id = parse_uuid(*payment);
    if (!id) return fail_field("?paymentId", "is not a UUID");
    page.payment_id = *id;
  }
  return page;
}

}  // namespace

Refunds::Refunds(postgres::Pool& pool, messaging::IdempotencyStore& idempotency, Recorder& recorder)
    : pool_(pool), idempotency_(idempotency), recorder_(recorder) {}

void Refunds::add_routes(http::Router& router) {
  http::add_operation(router, "payment", "requestRefund",
                      [this](RequestContext& context, http::Request& request) { return create(context, request); });
  http::add_operation(router, "payment", "listRefunds",
                      [this](RequestContext& context, http::Request& request) { return list(context, request); });
  http::add_operation(router, "payment", "getRefund",
                      [this](RequestContext& context, http::Request& request) { return find(context, request); });
  http::add_operation(router, "payment", "approveRefund", [this](RequestContext& context, http::Request& request) {
    return decide(context, request, Decision::kApprove);
  });
  http::add_operation(router, "payment", "rejectRefund", [this](RequestContext& context, http::Request& request) {
    return decide(context, request, Decision::kReject);
  });
}

Task<Result<http::Response>> Refunds::write_request(RequestContext& context, http::Request& request,
                                                    const messaging::IdempotentRequest& keyed) {
  EVC_CO_TRY(body, read_request(request));
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(payment, co_await store::find_for_update(context, transaction, body.payment_id));
  if (!payment) co_return fail(Code::kPaymentNotFound);
  EVC_CO_TRY(others, co_await store::refunds_of(context, transaction, payment->id));
  EVC_CO_TRY(refund, refund_requested(*payment, others, {body.amount, body.reason, body.note}, context.principal.puid,
                                      context.clock->wall()));
  auto response = http::Response::json(201, refund_view(*payment, refund));
  response.headers.set("location", "/operations/payment/refunds/" + to_string(refund.id));
  EVC_CO_CHECK(co_await store::insert_refund(context, transaction, refund));
  EVC_CO_CHECK(co_await idempotency_.complete(context, transaction, keyed, response));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return response;
}

Task<Result<http::Response>> Refunds::write_decision(RequestContext& context, http::Request& request,
                                                     const messaging::IdempotentRequest& keyed, Decision decision) {
  EVC_CO_TRY(id, refund_id_of(request));
  EVC_CO_TRY(seen, co_await store::find_refund(context, pool_, id));
  if (!seen) co_return fail(Code::kNotFound);
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(payment, co_await store::find_for_update(context, transaction, seen->payment_id));
  if (!payment) co_return fail(Code::kPaymentNotFound);
  // As it is under the lock.
  EVC_CO_TRY(refunds, co_await store::refunds_of(context, transaction, payment->id));
  const Refund refund = refunds.at(static_cast<std::size_t>(seen->number - 1));
  const WallTime now = context.clock->wall();
  Refund decided;
  if (decision == Decision::kApprove) {
    EVC_CO_TRY(reaction, refund_approved(*payment, refund, refunds, context.principal.puid, now));
    EVC_CO_CHECK(co_await recorder_.write(context, transaction, reaction, {}));
    decided = *reaction.refund;
  } else {
    EVC_CO_TRY(rejected, refund_rejected(refund, context.principal.puid, now));
    std::vector<std::pair<postgres::Statement, postgres::Params>> batch{store::update_refund(rejected)};
    EVC_CO_CHECK(co_await transaction.exec_all(context, std::move(batch)));
    decided = rejected;
  }
  auto response = http::Response::json(decision == Decision::kApprove ? 202 : 200, refund_view(*payment, decided));
  EVC_CO_CHECK(co_await idempotency_.complete(context, transaction, keyed, response));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return response;
}

Task<http::Response> Refunds::create(RequestContext& context, http::Request& request) {
  auto key = http::idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  const auto keyed = messaging::idempotent_request(context, request, *key);
  auto known = co_await idempotency_.begin(context, keyed);
  if (!known) co_return http::problem(known.error(), context, request.path);
  if (known->response) co_return std::move(*known->response);
  auto response = co_await write_request(context, request, keyed);
  if (response) co_return std::move(*response);
  co_await idempotency_.release(context, keyed);
  co_return http::problem(response.error(), context, request.path);
}

Task<http::Response> Refunds::decide(RequestContext& context, http::Request& request, Decision decision) {
  auto key = http::idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  const auto keyed = messaging::idempotent_request(context, request, *key);
  auto known = co_await idempotency_.begin(context, keyed);
  if (!known) co_return http::problem(known.error(), context, request.path);
  if (known->response) co_return std::move(*known->response);
  auto response = co_await write_decision(context, request, keyed, decision);
  if (response) co_return std::move(*response);
  co_await idempotency_.release(context, keyed);
  co_return http::problem(response.error(), context, request.path);
}

Task<Result<http::Response>> Refunds::page(RequestContext& context, http::Request& request) {
  EVC_CO_TRY(page, read_page(request));
  const auto limit = static_cast<std::size_t>(page.limit);
  EVC_CO_TRY(refunds, co_await store::list_refunds(context, pool_, page));
  json::Object body;
  if (refunds.size() > limit) {
    refunds.resize(limit);
    body["nextCursor"] = http::page_cursor(refunds.back().requested_at, refunds.back().id);
  }
  json::Array views;
  for (const Refund& refund : refunds) {
    EVC_CO_TRY(payment, co_await store::find(context, pool_, refund.payment_id));
    if (payment) views.push_back(refund_view(*payment, refund));
  }
  body["refunds"] = std::move(views);
  co_return http::Response::json(200, body);
}

Task<Result<http::Response>> Refunds::one(RequestContext& context, http::Request& request) {
  EVC_CO_TRY(id, refund_id_of(request));
  EVC_CO_TRY(refund, co_await store::find_refund(context, pool_, id));
  if (!refund) co_return fail(Code::kNotFound);
  EVC_CO_TRY(payment, co_await store::find(context, pool_, refund->payment_id));
  if (!payment) co_return fail(Code::kPaymentNotFound);
  co_return http::Response::json(200, refund_view(*payment, *refund));
}

Task<http::Response> Refunds::list(RequestContext& context, http::Request& request) {
  auto response = co_await page(context, request);
  co_return response ? std::move(*response) : http::problem(response.error(), context, request.path);
}

Task<http::Response> Refunds::find(RequestContext& context, http::Request& request) {
  auto response = co_await one(context, request);
  co_return response ? std::move(*response) : http::problem(response.error(), context, request.path);
}

}  // namespace evc::payment
