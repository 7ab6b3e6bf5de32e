#include "services/payment/api/preauthorisations.hpp"

#include <regex>

#include "kit/base/crash_point.hpp"
#include "kit/http/operation.hpp"
#include "services/payment/api/request_time.hpp"
#include "services/payment/api/views.hpp"
#include "services/payment/store/job_store.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

constexpr std::int64_t kLargestAmount = 9'007'199'254'740'991;

struct PaymentMethod {
  std::string type;
  std::optional<std::string> token;
};
BOOST_DESCRIBE_STRUCT(PaymentMethod, (), (type, token))

struct PreauthorisationRequest {
  std::string reference;
  Uuid session_id;
  std::string user_id;
  Money amount;
  std::optional<Money> limit;
  PaymentMethod payment_method;
  Uuid correlation_id;
};
BOOST_DESCRIBE_STRUCT(PreauthorisationRequest, (),
                      (reference, session_id, user_id, amount, limit, payment_method, correlation_id))

Result<Payment> payment_from(const http::Request& request) {
  static const std::regex kReference("[A-Za-z0-9][A-Za-z0-9._:-]{0,63}");
  static const std::regex kToken("[a-z][a-z0-9:-]{0,63}");
  static const std::regex kPseudonym("p1\\.[a-z2-7]{26}");
  EVC_TRY(body, http::body_as<PreauthorisationRequest>(request));
  const PaymentMethod& method = body.payment_method;
  const bool card = method.type == "simulated-card";
  if (!std::regex_match(body.reference, kReference)) return fail_field("/reference", "is not a reference");
  if (!std::regex_match(body.user_id, kPseudonym)) return fail_field("/userId", "is not a pseudonym");
  if (body.amount.amount <= 0 || body.amount.amount > kLargestAmount)
    return fail_field("/amount/amount", "must be positive");
  if (body.limit && body.limit->currency != body.amount.currency)
    return fail_field("/limit/currency", "is not that of the amount");
  if (body.limit && (body.limit->amount < body.amount.amount || body.limit->amount > kLargestAmount))
    return fail_field("/limit/amount", "must not be below the amount");
  if (!card && method.type != "simulated-pix")
    return fail_field("/paymentMethod/type", "must be simulated-card or simulated-pix");
  if (card && (!method.token || !std::regex_match(*method.token, kToken)))
    return fail_field("/paymentMethod/token", "is not a token");
  if (!card && method.token) return fail_field("/paymentMethod/token", "belongs to a card only");
  return Payment{.id = uuid_v7(),
                 .reference = body.reference,
                 .session_id = body.session_id,
                 .puid = body.user_id,
                 .correlation_id = body.correlation_id,
                 .method = card ? Method::kSimulatedCard : Method::kSimulatedPix,
                 .token = method.token.value_or(""),
                 .currency = body.amount.currency,
                 .asked = body.amount.amount,
                 .limit = body.limit ? body.limit->amount : 0};
}

bool open(State state) {
  return state == State::kRequested || state == State::kUnknown;
}

http::Response answer(const Payment& payment) {
  return http::Response::json(open(payment.state) ? 202 : 201, preauthorisation_view(payment));
}

http::Response release_answer(const Payment& payment) {
  return http::Response::json(is_final(payment.state) ? 200 : 202, preauthorisation_view(payment));
}

bool same_hold(const Payment& a, const Payment& b) {
  return a.session_id == b.session_id && a.puid == b.puid && a.asked == b.asked && a.limit == b.limit &&
         a.currency == b.currency && a.method == b.method && a.token == b.token;
}

}  // namespace

Preauthorisations::Preauthorisations(postgres::Pool& pool, messaging::IdempotencyStore& idempotency,
                                     ProviderClient& provider, Recorder& recorder, Steps& steps)
    : pool_(pool), idempotency_(idempotency), provider_(provider), recorder_(recorder), steps_(steps) {}

void Preauthorisations::add_routes(http::Router& router) {
  http::add_operation(router, "payment", "createPreauthorisation",
                      [this](RequestContext& context, http::Request& request) { return create(context, request); });
  http::add_operation(router, "payment", "getPreauthorisation",
                      [this](RequestContext& context, http::Request& request) { return find(context, request); });
  http::add_operation(router, "payment", "voidPreauthorisation",
                      [this](RequestContext& context, http::Request& request) { return release(context, request); });
}

Task<Result<Payment>> Preauthorisations::find_or_write(RequestContext& context, Payment wanted) {
  auto transaction = co_await pool_.begin(context);
  if (!transaction) co_return std::unexpected(std::move(transaction).error());
  const Reaction reaction = requested(std::move(wanted), context.clock->wall());
  EVC_CO_CHECK(co_await store::lock_reference(context, *transaction, reaction.payment.reference));
  auto inserted = co_await store::insert(context, *transaction, reaction.payment);
  if (!inserted) co_return std::unexpected(std::move(inserted).error());
  if (!*inserted) {
    auto known = co_await store::find_for_update(context, *transaction, reaction.payment.reference);
    if (!known) co_return std::unexpected(std::move(known).error());
    if (!*known || !same_hold(**known, reaction.payment))
      co_return fail(Code::kConflict, "this reference names another hold");
    EVC_CO_CHECK(EVC_STEP("payment.hold.known", co_await transaction->commit(context)));
    co_return std::move(**known);
  }
  auto closed = co_await store::reference_closed(context, *transaction, reaction.payment.reference);
  if (!closed) co_return std::unexpected(std::move(closed).error());
  if (*closed) co_return fail(Code::kConflict, "the session of this hold is over");
  EVC_CO_CHECK(co_await recorder_.write(context, *transaction, reaction,
                                        {.event_id = {}, .first_try_after = RequestTime::kFirstLook}));
  EVC_CO_CHECK(EVC_STEP("payment.hold.write", co_await transaction->commit(context)));
  co_return reaction.payment;
}

Task<Result<Payment>> Preauthorisations::write_outcome(RequestContext& context,
                                                       const messaging::IdempotentRequest& request, Uuid payment_id,
                                                       std::optional<Finding> finding) {
  auto transaction = co_await pool_.begin(context);
  if (!transaction) co_return std::unexpected(std::move(transaction).error());
  auto locked = co_await store::find_for_update(context, *transaction, payment_id);
  if (!locked) co_return std::unexpected(std::move(locked).error());
  if (!*locked) co_return fail(Code::kPaymentNotFound);
  Payment payment = std::move(**locked);
  std::optional<Reaction> reaction;
  if (finding) {
    reaction = found(std::move(payment), Step::kAuthorise, *finding, context.clock->wall());
    payment = reaction->payment;
  }
  if (!open(payment.state))
    EVC_CO_CHECK(co_await idempotency_.complete(context, *transaction, request, answer(payment)));
  if (reaction) EVC_CO_CHECK(co_await recorder_.write(context, *transaction, *reaction, {}));
  // This request has given up: from now on the job asks.
  if (open(payment.state)) EVC_CO_CHECK(co_await store::hurry(context, *transaction, payment.id));
  EVC_CO_CHECK(EVC_STEP("payment.hold.outcome", co_await transaction->commit(context)));
  co_return payment;
}

Task<http::Response> Preauthorisations::create(RequestContext& context, http::Request& request) {
  auto key = http::idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  auto wanted = payment_from(request);
  if (!wanted) co_return http::problem(wanted.error(), context, request.path);
  const auto idempotent = messaging::idempotent_request(context, request, *key);
  auto decision = co_await idempotency_.begin(context, idempotent);
  if (!decision) co_return http::problem(decision.error(), context, request.path);
  if (decision->response) co_return std::move(*decision->response);

  auto payment = co_await find_or_write(context, std::move(*wanted));
  std::optional<Finding> finding;
  if (payment && open(payment->state)) {
    RequestContext asking = RequestTime::for_asking(context);
    finding = EVC_STEP("payment.hold.ask", co_await provider_.authorise(asking, *payment));
  }
  RequestContext last = RequestTime::for_writing(context);
  if (payment) payment = co_await write_outcome(last, idempotent, payment->id, finding);
  if (payment && !open(payment->state)) co_return answer(*payment);
  // Not final: whoever asks again with this key goes on from here.
  auto released = co_await idempotency_.release(last, idempotent);
  if (!payment) co_return http::problem(payment.error(), context, request.path);
  co_return answer(*payment);
}

Task<http::Response> Preauthorisations::find(RequestContext& context, http::Request& request) {
  const auto reference = request.path_parameter("reference");
  if (!reference) co_return http::problem(reference.error(), context, request.path);
  auto payment = co_await store::find(context, pool_, std::string(*reference));
  if (!payment) co_return http::problem(payment.error(), context, request.path);
  if (!*payment) co_return http::problem({.code = Code::kPaymentNotFound}, context, request.path);
  if ((*payment)->state == State::kUnknown) {
    auto job = EVC_STEP("payment.look.lease", co_await store::lease_one(context, pool_, (*payment)->id,
                                                                        Step::kAuthorise, std::chrono::seconds{15}));
    if (job && *job) {
      auto asked = co_await steps_.take(context, **job);
      if (asked) *payment = std::move(*asked);
    }
  }
  co_return http::Response::json(200, preauthorisation_view(**payment));
}

Task<Result<Payment>> Preauthorisations::write_release(RequestContext& context,
                                                       const messaging::IdempotentRequest& request,
                                                       std::string reference) {
  auto transaction = co_await pool_.begin(context);
  if (!transaction) co_return std::unexpected(std::move(transaction).error());
  auto locked = co_await store::find_for_update(context, *transaction, std::move(reference));
  if (!locked) co_return std::unexpected(std::move(locked).error());
  if (!*locked) co_return fail(Code::kPaymentNotFound);
  const State before = (*locked)->state;
  if (before == State::kCapturing || before == State::kCaptured)
    co_return fail(Code::kConflict, "the charge has ended: its price is taken");
  const Reaction reaction = void_asked(std::move(**locked), VoidReason::kRequested, context.clock->wall());
  EVC_CO_CHECK(co_await idempotency_.complete(context, *transaction, request, release_answer(reaction.payment)));
  EVC_CO_CHECK(co_await recorder_.write(context, *transaction, reaction, {}));
  EVC_CO_CHECK(EVC_STEP("payment.void.commit", co_await transaction->commit(context)));
  co_return reaction.payment;
}

Task<http::Response> Preauthorisations::release(RequestContext& context, http::Request& request) {
  auto key = http::idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  const auto reference = request.path_parameter("reference");
  if (!reference) co_return http::problem(reference.error(), context, request.path);
  const auto idempotent = messaging::idempotent_request(context, request, *key);
  auto decision = co_await idempotency_.begin(context, idempotent);
  if (!decision) co_return http::problem(decision.error(), context, request.path);
  if (decision->response) co_return std::move(*decision->response);
  auto payment = co_await write_release(context, idempotent, std::string(*reference));
  if (payment) co_return release_answer(*payment);
  RequestContext last = RequestTime::for_writing(context);
  auto released = co_await idempotency_.release(last, idempotent);
  co_return http::problem(payment.error(), context, request.path);
}

}  // namespace evc::payment
