#include "services/auth/api/erasure_routes.hpp"

#include <charconv>

namespace evc::auth_service {
namespace {

using http::Request;
using http::Response;

struct ProofRequest {
  Uuid session_id;
  std::string password;
  std::optional<std::string> code;
};
BOOST_DESCRIBE_STRUCT(ProofRequest, (), (session_id, password, code))

struct Erased {
  std::vector<Uuid> users;
  std::int64_t next = 0;
};
BOOST_DESCRIBE_STRUCT(Erased, (), (users, next))

Result<Uuid> account_of(const Request& request) {
  auto id = parse_uuid(request.path_parameters.at("userId"));
  if (!id) return fail(Code::kNotFound);
  return id;
}

Response done(const Result<void>& outcome, const RequestContext& context, const Request& request) {
  return http::no_store(outcome ? Response::empty(204) : http::problem(outcome.error(), context, request.path));
}

Task<Response> get_records(Api& api, RequestContext& context, Request& request) {
  const auto id = account_of(request);
  if (!id) co_return http::problem(id.error(), context, request.path);
  auto records = co_await api.records.read(context, *id);
  if (!records) co_return http::no_store(http::problem(records.error(), context, request.path));
  co_return http::no_store(Response::json(200, json::encode(*records)));
}

Task<Response> prove(Api& api, RequestContext& context, Request& request) {
  const auto id = account_of(request);
  if (!id) co_return http::problem(id.error(), context, request.path);
  auto body = http::body_as<ProofRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  AccountProof proof{.account_id = *id,
                     .session_id = to_string(body->session_id),
                     .password = std::move(body->password),
                     .code = std::move(body->code)};
  co_return done(co_await api.credentials.prove_account(context, std::move(proof)), context, request);
}

Task<Response> freeze(Api& api, RequestContext& context, Request& request) {
  const auto id = account_of(request);
  if (!id) co_return http::problem(id.error(), context, request.path);
  auto pseudonym = co_await api.erasure.freeze(context, *id);
  if (!pseudonym) co_return http::no_store(http::problem(pseudonym.error(), context, request.path));
  co_return http::no_store(Response::json(200, json::Object{{"pseudonym", *pseudonym}}));
}

Task<Response> unfreeze(Api& api, RequestContext& context, Request& request) {
  const auto id = account_of(request);
  if (!id) co_return http::problem(id.error(), context, request.path);
  co_return done(co_await api.erasure.unfreeze(context, *id), context, request);
}

Task<Response> erase(Api& api, RequestContext& context, Request& request) {
  const auto id = account_of(request);
  if (!id) co_return http::problem(id.error(), context, request.path);
  co_return done(co_await api.erasure.erase(context, *id), context, request);
}

Task<Response> list_erasures(Api& api, RequestContext& context, Request& request) {
  const auto text = request.query.get("after").value_or("0");
  std::uint64_t after = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), after);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    Error error{.code = Code::kValidationFailed, .fields = {{"?after", "the `next` of the answer before"}}};
    co_return http::problem(error, context, request.path);
  }
  auto part = api.erasure.erased(after);
  if (!part) co_return http::problem(part.error(), context, request.path);
  co_return http::no_store(Response::json(
      200, json::encode(Erased{.users = std::move(part->accounts), .next = static_cast<std::int64_t>(part->next)})));
}

Task<Response> only_after_replay(const std::atomic<bool>& replayed, RequestContext& context, Request& request,
                                 const http::Next& next) {
  const bool of_nobody = request.path.starts_with("/internal/oauth2/") || request.path == "/internal/deny-set" ||
                         request.path.starts_with("/.well-known/");
  if (!replayed && !of_nobody) {
    const Error error{.code = Code::kServiceUnavailable,
                      .detail = "it has only just started",
                      .retry_after = std::chrono::seconds(1)};
    co_return http::problem(error, context, request.path);
  }
  co_return co_await next(context, request);
}

}  // namespace

void add_erasure_routes(http::Operations<Api>& operations) {
  operations.add("getAccountRecords", get_records);
  operations.add("proveAccount", prove);
  operations.add("freezeAccount", freeze);
  operations.add("unfreezeAccount", unfreeze);
  operations.add("eraseAccount", erase);
  operations.add("listErasures", list_erasures);
}

http::Middleware people_after_replay(const std::atomic<bool>& replayed) {
  return [&replayed](RequestContext& context, Request& request, const http::RouteInfo&, const http::Next& next) {
    return only_after_replay(replayed, context, request, next);
  };
}

}  // namespace evc::auth_service
