#include "kit/messaging/operations/run_routes.hpp"

#include "kit/messaging/operations/views.hpp"

namespace evc::messaging {
namespace {

using http::Request;
using http::Response;

Result<std::optional<std::string>> action_in(const http::Query& query) {
  EVC_TRY(text, text_in(query, "action"));
  if (text && !json::decode<Action>(json::Value(*text))) return fail_field("?action", "none of the actions");
  return text;
}

Result<RunFilter> filter_in(const http::Query& query) {
  EVC_TRY(event_id, uuid_in(query, "eventId"));
  EVC_TRY(key, text_in(query, "key"));
  EVC_TRY(action, action_in(query));
  EVC_TRY(since, time_in(query, "since"));
  EVC_TRY(until, time_in(query, "until"));
  EVC_TRY(before, cursor_in(query));
  EVC_TRY(limit, limit_in(query));
  return RunFilter{.event_id = event_id,
                   .key = key,
                   .action = action,
                   .since = since,
                   .until = until,
                   .before = before,
                   .limit = limit};
}

}  // namespace

Task<Response> list_approvals(ServiceEvents events, RequestContext& context, Request& request) {
  const auto limit = limit_in(request.query);
  if (!limit) co_return http::problem(limit.error(), context, request.path);
  const auto wishes = co_await list_wishes(context, events.pool, *limit);
  if (!wishes) co_return http::problem(wishes.error(), context, request.path);
  json::Array views;
  for (const Approval& wish : *wishes) views.push_back(view(wish));
  co_return Response::json(200, json::Object{{"approvals", std::move(views)}});
}

Task<Response> list_event_runs(ServiceEvents events, RequestContext& context, Request& request) {
  auto filter = filter_in(request.query);
  if (!filter) co_return http::problem(filter.error(), context, request.path);
  const auto limit = static_cast<std::size_t>(filter->limit);
  auto runs = co_await list_runs(context, events.pool, std::move(*filter));
  if (!runs) co_return http::problem(runs.error(), context, request.path);
  json::Object page;
  if (runs->size() > limit) {
    runs->resize(limit);
    page["nextCursor"] = cursor_of({runs->back().at, runs->back().id});
  }
  json::Array views;
  for (const Run& run : *runs) views.push_back(view(run));
  page["runs"] = std::move(views);
  co_return Response::json(200, page);
}

}  // namespace evc::messaging
