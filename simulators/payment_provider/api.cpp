#include "simulators/payment_provider/api.hpp"

#include "kit/base/bytes.hpp"

namespace evc::payment_provider {
namespace {

http::Response body_of(int status, const Authorisation& authorisation) {
  return http::Response::json(status, json::encode(authorisation));
}

// Begins an answer and breaks off, so that the caller has something that it must not believe.
Task<> half_an_answer(RequestContext&, http::StreamWriter& writer) {
  co_await writer.write("{\"id\":\"au-");
}

}  // namespace

Api::Api(Worker& worker, Book& book, Webhooks& webhooks, Secret<std::string> api_key, ApiOptions options,
         const Clock& clock)
    : worker_(worker),
      book_(book),
      webhooks_(webhooks),
      api_key_(std::move(api_key)),
      options_(options),
      clock_(clock) {}

void Api::add_routes(http::Router& router) {
  http::RouteOptions options{.access = http::Access::kPublic, .deadline = options_.silent + std::chrono::seconds{5}};
  const auto step = [this](Step which) {
    return [this, which](RequestContext& context, http::Request& request) { return serve(context, request, which); };
  };
  router.add("POST", "/v1/authorizations", step(Step::kAuthorise), options);
  router.add("POST", "/v1/authorizations/{id}/capture", step(Step::kCapture), options);
  router.add("POST", "/v1/authorizations/{id}/void", step(Step::kVoid), options);
  router.add("POST", "/v1/authorizations/{id}/increment", step(Step::kIncrement), options);
  router.add("POST", "/v1/authorizations/{id}/refund", step(Step::kRefund), options);
  router.add(
      "GET", "/v1/authorizations/{id}",
      [this](RequestContext& context, http::Request& request) { return find(context, request); }, options);
  router.add(
      "GET", "/v1/authorizations",
      [this](RequestContext& context, http::Request& request) { return find_by_reference(context, request); }, options);
}

Result<void> Api::check_caller(const http::Request& request) const {
  const auto authorization = request.headers.get("Authorization");
  if (!authorization || !equal_constant_time(*authorization, "Bearer " + api_key_.reveal()))
    return fail(Code::kUnauthenticated);
  return {};
}

Result<AuthoriseRequest> Api::authorise_request(const http::Request& request) {
  EVC_TRY(body, http::body_as<AuthoriseRequest>(request));
  if (options_.seed == 0 || behaviour_of(body.token, Step::kAuthorise) != Behaviour::kApproved) return body;
  if (body.token.starts_with("seed:")) return body;
  const auto known = book_.find_by_reference(body.reference);
  const auto drawn =
      drawn_.try_emplace(body.reference, known ? known->token : drawn_token(options_.seed, drawn_.size())).first;
  body.token = drawn->second;
  return body;
}

Result<Behaviour> Api::behaviour_for(Step step, const http::Request& request) {
  if (step == Step::kAuthorise) {
    EVC_TRY(body, authorise_request(request));
    return behaviour_of(body.token, step);
  }
  EVC_TRY(id, request.path_parameter("id"));
  const auto found = book_.find(std::string(id));
  if (!found) return fail(Code::kNotFound);
  return behaviour_of(found->token, step);
}

Result<Book::Answer> Api::apply(Step step, const std::string& key, const http::Request& request) {
  if (step == Step::kAuthorise) {
    EVC_TRY(body, authorise_request(request));
    return book_.authorise(key, body);
  }
  EVC_TRY(id, request.path_parameter("id"));
  if (step == Step::kVoid) return book_.release(key, std::string(id));
  EVC_TRY(body, http::body_as<AmountRequest>(request));
  if (step == Step::kCapture) return book_.capture(key, std::string(id), body.amount);
  return step == Step::kRefund ? book_.refund(key, std::string(id), body.amount)
                               : book_.increment(key, std::string(id), body.amount);
}

WebhookMessage Api::message_of(Step step, const std::string& key, const Authorisation& authorisation) {
  WebhookMessage message{.operation_key = key, .authorisation = authorisation, .amount = authorisation.amount};
  switch (step) {
    case Step::kAuthorise:
    case Step::kIncrement:
      message.type = authorisation.status == Status::kDeclined ? "hold.declined" : "hold.authorised";
      message.reason = authorisation.decline_reason;
      break;
    case Step::kCapture:
      message.type = "capture.succeeded";
      message.amount = authorisation.captured;
      break;
    case Step::kVoid:
      message.type = "void.succeeded";
      break;
    case Step::kRefund:
      message.type = "refund.succeeded";
      message.amount = authorisation.refunded.value_or(authorisation.captured);
      break;
  }
  return message;
}

Task<http::Response> Api::serve(RequestContext& context, http::Request& request, Step step) {
  if (auto caller = check_caller(request); !caller) co_return http::problem(caller.error(), context);
  const std::string key(request.headers.get("Idempotency-Key").value_or(""));
  const auto behaviour = behaviour_for(step, request);
  if (!behaviour) co_return http::problem(behaviour.error(), context);
  const bool is_silent = (*behaviour == Behaviour::kSilent && step == Step::kAuthorise) ||
                         (*behaviour == Behaviour::kIncrementSilent && step == Step::kIncrement);
  if (is_silent) {
    co_await sleep_for(worker_, options_.silent);
    co_return http::problem({.code = Code::kServiceUnavailable}, context);
  }
  if (*behaviour == Behaviour::kFlapping && flaps_[key]++ % 2 == 0)
    co_return http::problem({.code = Code::kServiceUnavailable}, context);
  Result<Book::Answer> result = apply(step, key, request);
  co_return co_await answer(context, *behaviour, step, key, std::move(result));
}

Task<http::Response> Api::answer(RequestContext& context, Behaviour behaviour, Step step, std::string key,
                                 Result<Book::Answer> result) {
  if (!result) co_return http::problem(result.error(), context);
  const Authorisation& authorisation = result->authorisation;
  const bool first = result->effect == Book::Answer::Effect::kNew;
  if (first) {
    WebhookMessage message = message_of(step, key, authorisation);
    if (behaviour == Behaviour::kWebhookFirst) {
      co_await webhooks_.send_now(context, std::move(message));
    } else {
      const bool late = behaviour == Behaviour::kOutOfOrder && step == Step::kAuthorise;
      webhooks_.send_later(context, std::move(message), late ? options_.out_of_order : std::chrono::milliseconds{0},
                           behaviour == Behaviour::kDuplicateWebhook ? 2 : 1);
    }
    if (behaviour == Behaviour::kExpiredHold && step == Step::kAuthorise) {
      WebhookMessage expired{
          .type = "hold.expired", .operation_key = key, .authorisation = authorisation, .amount = authorisation.amount};
      webhooks_.send_later(context, std::move(expired),
                           std::chrono::ceil<std::chrono::milliseconds>(authorisation.expires_at - clock_.wall()), 1);
    }
  }
  const int status = step == Step::kAuthorise ? 201 : 200;
  if (behaviour == Behaviour::kSlow && step == Step::kAuthorise) co_await sleep_for(worker_, options_.slow);
  // Only the first time: a merchant that asks again is answered, or nothing could ever be found out.
  if (first && behaviour == Behaviour::kErrorAfterEffect) co_return http::problem({.code = Code::kInternal}, context);
  http::Response response = body_of(status, authorisation);
  if (first && behaviour == Behaviour::kDropAfterEffect) response.stream = half_an_answer;
  co_return response;
}

Task<http::Response> Api::find(RequestContext& context, http::Request& request) {
  if (auto caller = check_caller(request); !caller) co_return http::problem(caller.error(), context);
  const auto id = request.path_parameter("id");
  const auto found = id ? book_.find(std::string(*id)) : std::nullopt;
  if (!found) co_return http::problem({.code = Code::kNotFound}, context);
  co_return body_of(200, *found);
}

Task<http::Response> Api::find_by_reference(RequestContext& context, http::Request& request) {
  if (auto caller = check_caller(request); !caller) co_return http::problem(caller.error(), context);
  const auto found = book_.find_by_reference(std::string(request.query.get("reference").value_or("")));
  if (!found) co_return http::problem({.code = Code::kNotFound}, context);
  co_return body_of(200, *found);
}

}  // namespace evc::payment_provider
