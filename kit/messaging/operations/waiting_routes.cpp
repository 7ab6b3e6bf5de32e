#include "kit/messaging/operations/waiting_routes.hpp"

#include "kit/messaging/operations/approvals.hpp"
#include "kit/messaging/operations/decision_requests.hpp"
#include "kit/messaging/operations/views.hpp"

namespace evc::messaging {
namespace {

using http::Request;
using http::Response;

Result<WaitingFilter> filter_in(const http::Query& query) {
  EVC_TRY(limit, limit_in(query));
  EVC_TRY(topic, text_in(query, "topic"));
  EVC_TRY(key, text_in(query, "key"));
  return WaitingFilter{.topic = topic, .key = key, .limit = limit};
}

// Lengths are bounded and neither holds a NUL, so that no two places share a name.
std::string name_of(const std::string& topic, const std::string& key, std::int64_t from, std::int64_t to) {
  return json::serialize(json::Array{topic, key, from, to});
}

Task<Result<Response>> accept_meant_gap(ServiceEvents events, RequestContext& context, GapRequest wanted) {
  EVC_CO_CHECK(co_await leave_room(events, context, 1));
  EVC_CO_TRY(gaps, co_await read_gaps(context, events.pool, events.consumer,
                                      {.topic = wanted.topic, .key = wanted.key, .limit = 1}));
  if (gaps.empty()) co_return fail(Code::kNotFound, "no event of this key waits for a missing one");
  Decision decision{.action = Action::kAcceptGap, .reason = wanted.reason};
  // Another gap than the one that stands there is for the inbox to refuse: no wish is kept for it.
  const bool meant = gaps.front().missing_from == wanted.missing_from && gaps.front().missing_to == wanted.missing_to;
  const Item item{
      .subject = {.consumer = events.consumer, .topic = wanted.topic, .key = wanted.key, .sequence = wanted.missing_to},
      .name = name_of(wanted.topic, wanted.key, wanted.missing_from, wanted.missing_to)};
  if (meant) {
    EVC_CO_TRY(permission, co_await ask(context, events.pool, item, decision));
    if (permission.waits) co_return Response::json(200, view_of_waiting(*permission.waits));
    decision.requested_by = std::move(permission.requested_by);
  }
  EVC_CO_TRY(decided, co_await events.inbox.accept_gap(context,
                                                       {.topic = wanted.topic,
                                                        .key = wanted.key,
                                                        .missing_from = wanted.missing_from,
                                                        .missing_to = wanted.missing_to},
                                                       decision));
  EVC_CO_CHECK(co_await forget_wish(context, events.pool, item, decision));
  co_return Response::json(200, view(decided));
}

Task<Result<Response>> discard_refused_event(ServiceEvents events, RequestContext& context, ParkedEventRequest wanted) {
  EVC_CO_CHECK(co_await leave_room(events, context, 1));
  EVC_CO_TRY(event_id, co_await refused_event(context, events.pool, wanted.topic, wanted.key, wanted.sequence));
  if (!event_id) co_return fail(Code::kNotFound, "no such event is refused on a key that waits");
  Decision decision{.action = Action::kDiscardRejected, .reason = wanted.reason};
  const Item item{.subject = {.topic = wanted.topic, .key = wanted.key, .sequence = wanted.sequence},
                  .name = name_of(wanted.topic, wanted.key, wanted.sequence, wanted.sequence)};
  EVC_CO_TRY(permission, co_await ask(context, events.pool, item, decision));
  if (permission.waits) co_return Response::json(200, view_of_waiting(*permission.waits));
  decision.requested_by = std::move(permission.requested_by);
  auto subject = item.subject;
  subject.event_id = event_id;
  EVC_CO_TRY(decided, co_await discard_refused(context, events.pool, std::move(subject), decision));
  EVC_CO_CHECK(co_await forget_wish(context, events.pool, item, decision));
  co_return Response::json(200, view(decided));
}

Task<Result<Response>> release_waiting_key(ServiceEvents events, RequestContext& context, ParkedKeyRequest wanted) {
  EVC_CO_CHECK(co_await leave_room(events, context, 1));
  EVC_CO_TRY(decided, co_await release_key(context, events.pool, {.topic = wanted.topic, .key = wanted.key},
                                           {.action = Action::kRelease, .reason = wanted.reason}));
  if (decided.outcome == Outcome::kNotFound)
    co_return fail(Code::kNotFound, "no event of this key waits in the outbox");
  co_return Response::json(200, view(decided));
}

}  // namespace

Task<Response> list_gaps(ServiceEvents events, RequestContext& context, Request& request) {
  auto filter = filter_in(request.query);
  if (!filter) co_return http::problem(filter.error(), context, request.path);
  const auto gaps = co_await read_gaps(context, events.pool, events.consumer, std::move(*filter));
  if (!gaps) co_return http::problem(gaps.error(), context, request.path);
  json::Array views;
  for (const WaitingGap& gap : *gaps) views.push_back(view(events.consumer, gap));
  co_return Response::json(200, json::Object{{"gaps", std::move(views)}});
}

Task<Response> list_parked_keys(ServiceEvents events, RequestContext& context, Request& request) {
  auto filter = filter_in(request.query);
  if (!filter) co_return http::problem(filter.error(), context, request.path);
  const auto keys = co_await read_parked_keys(context, events.pool, std::move(*filter));
  if (!keys) co_return http::problem(keys.error(), context, request.path);
  json::Array views;
  for (const ParkedKey& key : *keys) views.push_back(view(key));
  co_return Response::json(200, json::Object{{"parkedKeys", std::move(views)}});
}

Task<Response> accept_gap(ServiceEvents events, RequestContext& context, Request& request) {
  auto wanted = gap_in(request);
  return once_by_key<GapRequest>(std::move(events), context, request, std::move(wanted), accept_meant_gap);
}

Task<Response> discard_parked_event(ServiceEvents events, RequestContext& context, Request& request) {
  auto wanted = parked_event_in(request);
  return once_by_key<ParkedEventRequest>(std::move(events), context, request, std::move(wanted), discard_refused_event);
}

Task<Response> release_parked_key(ServiceEvents events, RequestContext& context, Request& request) {
  auto wanted = parked_key_in(request);
  return once_by_key<ParkedKeyRequest>(std::move(events), context, request, std::move(wanted), release_waiting_key);
}

}  // namespace evc::messaging
