#include "services/payment/api/increments.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/http/operation.hpp"
#include "services/payment/api/request_time.hpp"
#include "services/payment/api/views.hpp"
#include "services/payment/domain/increments.hpp"
#include "services/payment/store/job_store.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

struct IncrementRequest {
  std::int64_t number = 0;
  Money amount;
};
BOOST_DESCRIBE_STRUCT(IncrementRequest, (), (number, amount))

bool is_decided(const Increment& increment) {
  return increment.state != IncrementState::kAsked && increment.state != IncrementState::kUnknown;
}

http::Response answer(const Payment& payment, std::int64_t number) {
  const Increment& increment = *find_increment(payment, number);
  return http::Response::json(is_decided(increment) ? 201 : 202, increment_view(payment, increment));
}

}  // namespace

Increments::Increments(postgres::Pool& pool, messaging::IdempotencyStore& idempotency, ProviderClient& provider,
                       Recorder& recorder)
    : pool_(pool), idempotency_(idempotency), provider_(provider), recorder_(recorder) {}

void Increments::add_routes(http::Router& router) {
  http::add_operation(router, "payment", "createIncrement",
                      [this](RequestContext& context, http::Request& request) { return create(context, request); });
}

Task<Result<Payment>> Increments::find_or_write(RequestContext& context, std::string reference, std::int64_t number,
                                                Money amount) {
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(locked, co_await store::find_for_update(context, transaction, std::move(reference)));
  if (!locked) co_return fail(Code::kPaymentNotFound);
  if (const Increment* known = find_increment(*locked, number)) {
    if (known->amount != amount.amount || locked->currency != amount.currency)
      co_return fail(Code::kConflict, "this number names another increment");
    EVC_CO_CHECK(co_await transaction.rollback(context));  // nothing was written
    co_return std::move(*locked);
  }
  EVC_CO_TRY(reaction, increment_asked(std::move(*locked), number, amount, context.clock->wall()));
  EVC_CO_CHECK(co_await recorder_.write(context, transaction, reaction,
                                        {.event_id = {}, .first_try_after = RequestTime::kFirstLook}));
  EVC_CO_CHECK(EVC_STEP("payment.increment.write", co_await transaction.commit(context)));
  co_return reaction.payment;
}

Task<Result<Payment>> Increments::write_outcome(RequestContext& context, const messaging::IdempotentRequest& request,
                                                Uuid payment_id, std::int64_t number, std::optional<Finding> finding) {
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(locked, co_await store::find_for_update(context, transaction, payment_id));
  if (!locked) co_return fail(Code::kPaymentNotFound);
  Payment payment = std::move(*locked);
  std::optional<Reaction> reaction;
  if (finding) {
    reaction = found(std::move(payment), Step::kIncrement, *finding, context.clock->wall());
    payment = reaction->payment;
  }
  const bool decided = is_decided(*find_increment(payment, number));
  if (decided) EVC_CO_CHECK(co_await idempotency_.complete(context, transaction, request, answer(payment, number)));
  if (reaction) EVC_CO_CHECK(co_await recorder_.write(context, transaction, *reaction, {}));
  // This request has given up: from now on the job asks.
  if (!decided) EVC_CO_CHECK(co_await store::hurry(context, transaction, payment.id));
  EVC_CO_CHECK(EVC_STEP("payment.increment.outcome", co_await transaction.commit(context)));
  co_return payment;
}

Task<http::Response> Increments::create(RequestContext& context, http::Request& request) {
  auto key = http::idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  const auto reference = request.path_parameter("reference");
  if (!reference) co_return http::problem(reference.error(), context, request.path);
  auto body = http::body_as<IncrementRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  const auto idempotent = messaging::idempotent_request(context, request, *key);
  auto decision = co_await idempotency_.begin(context, idempotent);
  if (!decision) co_return http::problem(decision.error(), context, request.path);
  if (decision->response) co_return std::move(*decision->response);

  auto payment = co_await find_or_write(context, std::string(*reference), body->number, body->amount);
  std::optional<Finding> finding;
  const Increment* open = payment ? open_increment(*payment) : nullptr;
  if (open != nullptr && open->number == body->number) {
    RequestContext asking = RequestTime::for_asking(context);
    finding = co_await provider_.increment(asking, *payment, *open);
  }
  RequestContext last = RequestTime::for_writing(context);
  if (payment) payment = co_await write_outcome(last, idempotent, payment->id, body->number, finding);
  if (payment && is_decided(*find_increment(*payment, body->number))) co_return answer(*payment, body->number);
  // Not final: whoever asks again with this key goes on from here.
  auto released = co_await idempotency_.release(last, idempotent);
  if (!payment) co_return http::problem(payment.error(), context, request.path);
  co_return answer(*payment, body->number);
}

}  // namespace evc::payment
