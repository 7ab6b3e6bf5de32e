#include "kit/messaging/dead_letter_routes.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include "kit/http/operation.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::messaging {
namespace {

using http::Request;
using http::Response;
using postgres::Params;
using postgres::Statement;

constexpr std::size_t kListLimit = 200;
constexpr std::size_t kReasonLimit = 500;

// The first wish stands; a second person's wish finds it.
constexpr Statement kAskApproval{
    "dead_letter_approval_ask",
    "INSERT INTO dead_letter_approval (event_id, requested_by, reason, requested_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (event_id) DO UPDATE SET event_id = $1 RETURNING requested_by"};
constexpr Statement kRecord{"dead_letter_replay_record",
                            "INSERT INTO dead_letter_replay (id, event_id, replayed_by, reason, result, trace_id, "
                            "replayed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"};

struct ReplayRequest {
  std::vector<Uuid> event_ids;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(ReplayRequest, (), (event_ids, reason))

struct Part {
  Inbox& inbox;
  IdempotencyStore& idempotency;
  postgres::Pool& pool;
};

json::Object view(const Inbox::DeadLetter& letter) {
  return {{"eventId", to_string(letter.event_id)},
          {"topic", letter.topic},
          {"key", letter.key},
          {"subject", letter.subject},
          {"type", letter.type},
          {"errorCode", letter.error_code},
          {"errorDetail", letter.error_detail},
          {"attempts", letter.attempts},
          {"firstFailedAt", format_rfc3339(letter.first_failed_at)}};
}

Task<Response> list_dead_letters(Part part, RequestContext& context, Request& request) {
  std::size_t limit = 50;
  if (const auto text = request.query.get("limit")) {
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size() || limit < 1 || limit > kListLimit) {
      co_return http::problem(
          Error{.code = Code::kValidationFailed, .fields = {{"?limit", "an integer from 1 to 200"}}}, context,
          request.path);
    }
  }
  auto letters = co_await part.inbox.list_dead(context, limit);
  if (!letters) co_return http::problem(letters.error(), context, request.path);
  json::Array views;
  for (const Inbox::DeadLetter& letter : *letters) views.push_back(view(letter));
  co_return Response::json(200, json::Object{{"deadLetters", std::move(views)}});
}

Result<ReplayRequest> read_replay(const Request& request) {
  EVC_TRY(body, http::body_as<ReplayRequest>(request));
  const std::set<Uuid> distinct(body.event_ids.begin(), body.event_ids.end());
  if (body.event_ids.empty() || body.event_ids.size() > kListLimit || distinct.size() != body.event_ids.size())
    return fail_field("/eventIds", "1 to 200 different ids");
  if (body.reason.empty() || body.reason.size() > kReasonLimit) return fail_field("/reason", "1 to 500 characters");
  return body;
}

// "applied", "deadAgain", "notFound" or "approvalRequired".
Task<Result<std::string>> replay_one(Part part, RequestContext& context, const Inbox::DeadLetter* letter, Uuid event_id,
                                     std::string reason) {
  if (letter == nullptr) co_return "notFound";
  if (letter->topic == "payment.events") {
    EVC_CO_TRY(asked, co_await part.pool.exec(context, kAskApproval,
                                              Params(event_id, context.principal.puid, reason, context.clock->wall())));
    if (asked.get<std::string>(0, 0) == context.principal.puid) co_return "approvalRequired";
  }
  auto replayed = co_await part.inbox.replay(context, event_id);
  if (replayed) co_return "applied";
  if (replayed.error().code == Code::kNotFound) co_return "notFound";
  EVC_LOG(kWarn, context.trace, "A replayed event failed again",
          {{telemetry::key::kEventId, to_string(event_id)}, {telemetry::key::kErrorDetail, replayed.error().detail}});
  co_return "deadAgain";
}

Task<Result<Response>> replay_all(Part part, RequestContext& context, const ReplayRequest& wanted) {
  EVC_CO_TRY(letters, co_await part.inbox.list_dead(context, 10'000));
  json::Array results;
  for (const Uuid& event_id : wanted.event_ids) {
    const auto found = std::ranges::find(letters, event_id, &Inbox::DeadLetter::event_id);
    EVC_CO_TRY(result,
               co_await replay_one(part, context, found == letters.end() ? nullptr : &*found, event_id, wanted.reason));
    EVC_CO_CHECK(co_await part.pool.exec(context, kRecord,
                                         Params(uuid_v7(), event_id, context.principal.puid, wanted.reason, result,
                                                context.trace.trace_id_hex(), context.clock->wall())));
    results.push_back(json::Object{{"eventId", to_string(event_id)}, {"result", result}});
  }
  co_return Response::json(200, json::Object{{"results", std::move(results)}});
}

Task<Response> replay_dead_letters(Part part, RequestContext& context, Request& request) {
  auto key = idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  auto wanted = read_replay(request);
  if (!wanted) co_return http::problem(wanted.error(), context, request.path);
  const IdempotentRequest keyed = idempotent_request(context, request, *key);
  auto decision = co_await part.idempotency.begin(context, keyed);
  if (!decision) co_return http::problem(decision.error(), context, request.path);
  if (decision->kind == IdempotencyDecision::Kind::kReplay) co_return std::move(*decision->response);
  // Replaying twice is harmless (the inbox knows what was applied), so a resumed request simply starts again.
  auto response = co_await replay_all(part, context, *wanted);
  auto transaction = co_await part.pool.begin(context);
  if (!response || !transaction) {
    co_await part.idempotency.release(context, keyed);
    co_return http::problem(response ? transaction.error() : response.error(), context, request.path);
  }
  auto stored = co_await part.idempotency.complete(context, *transaction, keyed, *response);
  if (stored) co_await transaction->commit(context);
  co_return std::move(*response);
}

std::string operation(std::string_view verb, std::string service) {
  service[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(service[0])));
  return std::string(verb) + service + "DeadLetters";
}

}  // namespace

void add_dead_letter_operations(http::Router& router, const std::string& service, Inbox& inbox,
                                IdempotencyStore& idempotency, postgres::Pool& pool) {
  const Part part{inbox, idempotency, pool};
  http::add_operation(router, service, operation("list", service), [part](RequestContext& context, Request& request) {
    return list_dead_letters(part, context, request);
  });
  http::add_operation(router, service, operation("replay", service), [part](RequestContext& context, Request& request) {
    return replay_dead_letters(part, context, request);
  });
}

}  // namespace evc::messaging
