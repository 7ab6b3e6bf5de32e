#include "services/charging/api/records.hpp"

#include "kit/http/operation.hpp"
#include "services/charging/api/requests.hpp"
#include "services/charging/api/views.hpp"
#include "services/charging/store/sessions.hpp"

namespace evc::charging {
namespace {

using http::Request;
using http::Response;

struct PersonRef {
  std::string user_id;
};
BOOST_DESCRIBE_STRUCT(PersonRef, (), (user_id))

Result<SessionPage> page_of(const Request& request) {
  EVC_TRY(person, http::body_as<PersonRef>(request));
  return read_session_page(request.query, person.user_id);
}

Task<Result<json::Object>> records(Api& api, RequestContext& context, SessionPage page) {
  const std::int64_t limit = page.limit;
  page.limit = limit + 1;  // one more tells whether there is a next page
  EVC_CO_TRY(sessions, co_await list_sessions(context, api.pool, std::move(page)));
  const bool more = static_cast<std::int64_t>(sessions.size()) > limit;
  if (more) sessions.pop_back();
  std::vector<Uuid> ids;
  for (const Session& session : sessions) ids.push_back(session.id);
  EVC_CO_TRY(methods, co_await payment_methods_of(context, api.pool, ids));
  json::Array listed;
  for (const Session& session : sessions) {
    EVC_CO_TRY(timeline, co_await read_timeline(context, api.pool, session.id));
    listed.push_back(json::Object{{"session", session_view(session, timeline, context.clock->wall())},
                                  {"paymentMethod", methods[session.id]}});
  }
  json::Object body{{"sessions", std::move(listed)}};
  if (more) body["nextCursor"] = session_cursor(sessions.back());
  co_return body;
}

}  // namespace

Task<Response> charging_records(Api& api, RequestContext& context, Request& request) {
  auto page = page_of(request);
  if (!page) co_return http::problem(page.error(), context, request.path);
  auto body = co_await records(api, context, std::move(*page));
  if (!body) co_return http::problem(body.error(), context, request.path);
  co_return http::no_store(Response::json(200, *body));
}

Task<Response> open_charges(Api& api, RequestContext& context, Request& request) {
  auto person = http::body_as<PersonRef>(request);
  if (!person) co_return http::problem(person.error(), context, request.path);
  auto open = co_await count_open_sessions(context, api.pool, std::move(person->user_id));
  if (!open) co_return http::problem(open.error(), context, request.path);
  co_return http::no_store(Response::json(200, json::Object{{"open", *open}}));
}

}  // namespace evc::charging
