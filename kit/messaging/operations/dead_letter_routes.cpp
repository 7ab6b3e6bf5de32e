#include "kit/messaging/operations/dead_letter_routes.hpp"

#include "kit/messaging/operations/approvals.hpp"
#include "kit/messaging/operations/dead_letter_reader.hpp"
#include "kit/messaging/operations/decision_requests.hpp"
#include "kit/messaging/operations/views.hpp"

namespace evc::messaging {
namespace {

using http::Request;
using http::Response;

constexpr std::chrono::milliseconds kEnoughForOne{1'000};

Result<std::optional<std::string>> state_in(const http::Query& query) {
  const auto text = query.get("state");
  if (!text) return "dead";
  if (*text == "any") return std::nullopt;
  if (*text != "dead" && *text != "replayed" && *text != "discarded")
    return fail_field("?state", "dead, replayed, discarded or any");
  return std::string(*text);
}

Result<DeadLetterFilter> filter_in(const http::Query& query) {
  EVC_TRY(limit, limit_in(query));
  EVC_TRY(topic, text_in(query, "topic"));
  EVC_TRY(key, text_in(query, "key"));
  EVC_TRY(subject, text_in(query, "subject"));
  EVC_TRY(type, text_in(query, "type"));
  EVC_TRY(error_code, text_in(query, "errorCode"));
  EVC_TRY(since, time_in(query, "since"));
  EVC_TRY(until, time_in(query, "until"));
  EVC_TRY(state, state_in(query));
  EVC_TRY(after, cursor_in(query));
  return DeadLetterFilter{.topic = topic,
                          .key = key,
                          .subject = subject,
                          .type = type,
                          .error_code = error_code,
                          .since = since,
                          .until = until,
                          .state = state,
                          .after = after,
                          .limit = limit};
}

Task<Result<Response>> whole_of(const ServiceEvents& events, RequestContext& context, Uuid event_id) {
  EVC_CO_TRY(whole, co_await find_dead(context, events.pool, events.consumer, event_id));
  if (!whole) co_return fail(Code::kNotFound, "this group has no such dead letter");
  EVC_CO_TRY(history, co_await list_runs(context, events.pool, {.event_id = event_id, .limit = kListLimit - 1}));
  co_return Response::json(200, view(events.consumer, *whole, history));
}

// What is settled already, or was never there, needs nobody's permission: the inbox says so.
Task<Result<json::Object>> decide_one(const ServiceEvents& events, RequestContext& context, Uuid event_id,
                                      Decision decision) {
  EVC_CO_TRY(found, co_await list_dead(context, events.pool, events.consumer, {.event_id = event_id, .limit = 1}));
  Item item{.name = to_string(event_id)};
  if (!found.empty()) {
    item.subject = {
        .consumer = events.consumer, .event_id = event_id, .topic = found.front().topic, .key = found.front().key};
    EVC_CO_TRY(permission, co_await ask(context, events.pool, item, decision));
    if (permission.waits) co_return view_of_waiting(*permission.waits);
    decision.requested_by = std::move(permission.requested_by);
  }
  EVC_CO_TRY(decided, co_await events.inbox.decide(context, event_id, decision));
  const bool carried_out = decided.outcome == Outcome::kApplied || decided.outcome == Outcome::kDiscarded;
  if (carried_out) EVC_CO_CHECK(co_await forget_wish(context, events.pool, std::move(item), decision));
  co_return view(decided);
}

Task<Result<Response>> decide_all(ServiceEvents events, RequestContext& context, LettersRequest wanted, Action action) {
  EVC_CO_CHECK(co_await leave_room(events, context, static_cast<std::int64_t>(wanted.event_ids.size())));
  const Decision decision{.action = action, .reason = wanted.reason.value_or("")};
  json::Array results;
  for (const Uuid& event_id : wanted.event_ids) {
    // What is left when the time is over is told so, and can be asked for again.
    if (context.remaining() < kEnoughForOne) {
      auto later =
          view(Decided{.outcome = Outcome::kNotNow, .error_code = std::string(info(Code::kDeadlineExceeded).name)});
      later["eventId"] = to_string(event_id);
      results.push_back(std::move(later));
      continue;
    }
    EVC_CO_TRY(result, co_await decide_one(events, context, event_id, decision));
    result["eventId"] = to_string(event_id);
    results.push_back(std::move(result));
  }
  co_return Response::json(200, json::Object{{"results", std::move(results)}});
}

Task<Result<Response>> replay_all(ServiceEvents events, RequestContext& context, LettersRequest wanted) {
  return decide_all(std::move(events), context, std::move(wanted), Action::kReplay);
}

Task<Result<Response>> discard_all(ServiceEvents events, RequestContext& context, LettersRequest wanted) {
  return decide_all(std::move(events), context, std::move(wanted), Action::kDiscard);
}

}  // namespace

Task<Response> list_dead_letters(ServiceEvents events, RequestContext& context, Request& request) {
  auto filter = filter_in(request.query);
  if (!filter) co_return http::problem(filter.error(), context, request.path);
  const auto limit = static_cast<std::size_t>(filter->limit);
  auto letters = co_await list_dead(context, events.pool, events.consumer, std::move(*filter));
  if (!letters) co_return http::problem(letters.error(), context, request.path);
  json::Object page;
  if (letters->size() > limit) {
    letters->resize(limit);
    page["nextCursor"] = cursor_of({letters->back().first_failed_at, letters->back().event_id});
  }
  json::Array views;
  for (const DeadLetter& letter : *letters) views.push_back(view(events.consumer, letter));
  page["deadLetters"] = std::move(views);
  co_return Response::json(200, page);
}

Task<Response> show_dead_letter(ServiceEvents events, RequestContext& context, Request& request) {
  const auto text = request.path_parameter("eventId");
  const auto event_id = text ? parse_uuid(*text) : Result<Uuid>(fail(Code::kNotFound));
  if (!event_id) co_return http::problem(Error{.code = Code::kNotFound}, context, request.path);
  co_return http::response_or_problem(co_await whole_of(events, context, *event_id), context, request.path);
}

Task<Response> dry_run_dead_letters(ServiceEvents events, RequestContext& context, Request& request) {
  auto wanted = letters_in_dry_run(request);
  if (!wanted) co_return http::problem(wanted.error(), context, request.path);
  auto response = co_await decide_all(std::move(events), context, std::move(*wanted), Action::kDryRun);
  co_return http::response_or_problem(std::move(response), context, request.path);
}

Task<Response> replay_dead_letters(ServiceEvents events, RequestContext& context, Request& request) {
  auto wanted = letters_in(request);
  return once_by_key<LettersRequest>(std::move(events), context, request, std::move(wanted), replay_all);
}

Task<Response> discard_dead_letters(ServiceEvents events, RequestContext& context, Request& request) {
  auto wanted = letters_in(request);
  return once_by_key<LettersRequest>(std::move(events), context, request, std::move(wanted), discard_all);
}

}  // namespace evc::messaging
