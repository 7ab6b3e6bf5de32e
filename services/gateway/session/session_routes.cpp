#include "services/gateway/session/session_routes.hpp"

#include <fmt/format.h>

#include "kit/base/bytes.hpp"
#include "kit/http/character_sets.hpp"
#include "kit/http/operation.hpp"
#include "kit/http/target.hpp"
#include "services/gateway/domain/cookies.hpp"
#include "services/gateway/domain/same_origin.hpp"
#include "services/gateway/pages/problem_pages.hpp"
#include "services/gateway/session/cookie_names.hpp"

namespace evc::gateway {
namespace {

using http::Request;
using http::Response;

constexpr std::size_t kRandomBytes = 32;
constexpr std::chrono::seconds kSignInTime{600};
constexpr std::string_view kHome = "/console/";

std::string random_text() {
  return base64url_encode(random_bytes(kRandomBytes));
}

std::string sign_in_cookie_of(std::string_view state) {
  constexpr std::size_t kShown = 8;
  return std::string(kSignInCookies) + std::string(state.substr(0, kShown));
}

std::string sign_in_cookie(std::string_view name, std::string_view value, std::chrono::seconds life) {
  // Lax: the way back from the sign-in page may have begun at a link on somebody else's page.
  return fmt::format("{}={}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax", name, value, life.count());
}

std::vector<std::string_view> cookie_headers(const Request& request) {
  std::vector<std::string_view> headers;
  for (const auto& [name, value] : request.headers.all()) {
    if (http::equal_ignoring_case(name, "Cookie")) headers.push_back(value);
  }
  return headers;
}

// A browser that begins again and again and never comes back would send more and more of them.
void clear_surplus_sign_ins(const Request& request, Response& response) {
  constexpr std::size_t kMost = 4;
  std::vector<std::string> names;
  for (const std::string_view header : cookie_headers(request)) {
    cookies_where(header, [&names](std::string_view name) {
      if (name.starts_with(kSignInCookies)) names.emplace_back(name);
      return false;
    });
  }
  if (names.size() < kMost) return;
  for (const std::string& name : names)
    response.headers.add("Set-Cookie", sign_in_cookie(name, "", std::chrono::seconds(0)));
}

Response redirect(std::string_view to) {
  Response response{.status = 303};
  response.headers.add("Location", to);
  return http::no_store(std::move(response));
}

Response nobody() {
  return http::no_store(
      Response::json(200, json::Object{{"signedIn", false}, {"roles", json::Array{}}, {"scopes", json::Array{}}}));
}

json::Object described(const Principal& principal, const SessionUse& used) {
  json::Array roles, scopes;
  if (!principal.role.empty()) roles.emplace_back(principal.role);
  for (const std::string& scope : principal.scopes) scopes.emplace_back(scope);
  return {{"signedIn", true},
          {"name", used.name},
          {"roles", std::move(roles)},
          {"scopes", std::move(scopes)},
          {"expiresAt", format_rfc3339(used.expires_at)}};
}

}  // namespace

// What a sign-in was begun with: "<state>.<verifier>.<returnTo, base64url>".
struct SessionRoutes::SignIn {
  std::string state;
  std::string verifier;
  std::string return_to;

  // That of the answer's state: it ties the answer to the browser that asked, so that a link with somebody else's code
  // signs nobody in.
  static std::optional<SignIn> of(const Request& request) {
    const auto state = request.query.get("state");
    if (!state) return std::nullopt;
    std::vector<std::string_view> values;
    for (const std::string_view header : cookie_headers(request)) {
      for (const std::string_view one : cookie_values(header, sign_in_cookie_of(*state))) values.push_back(one);
    }
    if (values.size() != 1) return std::nullopt;
    const std::string_view value = values.front();
    const std::size_t first = value.find('.'), second = value.find('.', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
    const auto return_to = base64url_decode(value.substr(second + 1));
    if (!return_to || !is_console_page(*return_to)) return std::nullopt;
    if (!equal_constant_time(value.substr(0, first), *state)) return std::nullopt;
    return SignIn{.state = std::string(*state),
                  .verifier = std::string(value.substr(first + 1, second - first - 1)),
                  .return_to = *return_to};
  }
};

Task<Response> SessionRoutes::show(RequestContext& context, Request& request) {
  auto answer = co_await read(context, request);
  if (answer) co_return std::move(*answer);
  if (answer.error().code != Code::kUnauthenticated) co_return http::problem(answer.error(), context, request.path);
  Response response = nobody();
  response.headers.add("Set-Cookie", cleared_session_cookie());
  co_return response;
}

Task<Result<Response>> SessionRoutes::read(RequestContext& context, const Request& request) {
  EVC_CO_TRY(handle, sessions_.handle_of(request));
  if (!handle) co_return nobody();
  EVC_CO_CHECK(sessions_.check_provenance(request));
  auto answer = co_await seen(context, request, *handle);
  if (answer || answer.error().code != Code::kTokenInvalid) co_return answer;
  sessions_.doubt(*handle);
  answer = co_await seen(context, request, *handle);
  // Auth keeps the session and we do not take its tokens: that is a fault of ours and signs nobody out.
  if (!answer && answer.error().code == Code::kTokenInvalid) co_return fail(Code::kServiceUnavailable);
  co_return answer;
}

Task<Result<Response>> SessionRoutes::seen(RequestContext& context, const Request& request, std::string handle) {
  EVC_CO_TRY(used, co_await sessions_.use(context, request, std::move(handle)));
  EVC_CO_TRY(principal, co_await verify_(context, used.access_token));
  co_return http::no_store(Response::json(200, described(principal, used)));
}

Task<Response> SessionRoutes::login(RequestContext& context, Request& request) {
  const std::string return_to(request.query.get("returnTo").value_or(kHome));
  if (!is_console_page(return_to)) {
    const Error error{.code = Code::kValidationFailed, .fields = {{"?returnTo", "a page of the console"}}};
    co_return http::problem(error, context, request.path);
  }
  const std::string state = random_text(), verifier = random_text();
  const std::string challenge = base64url_encode(view(sha256(verifier)));
  Response response = redirect(fmt::format(
      "{}/oauth2/authorize?response_type=code&client_id={}&redirect_uri={}&scope=openid&state={}&code_challenge={}"
      "&code_challenge_method=S256",
      sessions_.origin(), kConsoleClient, http::percent_encode(sessions_.origin() + "/session/callback"), state,
      challenge));
  clear_surplus_sign_ins(request, response);
  response.headers.add(
      "Set-Cookie", sign_in_cookie(sign_in_cookie_of(state), state + "." + verifier + "." + base64url_encode(return_to),
                                   kSignInTime));
  co_return response;
}

Task<Response> SessionRoutes::callback(RequestContext& context, Request& request) {
  auto begun = SignIn::of(request);
  // Whatever else is on its way in this browser goes on.
  if (!begun) co_return http::no_store(problem_page({.code = Code::kSignInIncomplete}, context, request));
  const std::string cookie = sign_in_cookie_of(begun->state);
  auto completed = co_await complete(context, request, std::move(*begun));
  Response response = completed ? std::move(*completed) : problem_page(completed.error(), context, request);
  response.headers.add("Set-Cookie", sign_in_cookie(cookie, "", std::chrono::seconds(0)));
  co_return http::no_store(std::move(response));
}

Task<Result<Response>> SessionRoutes::complete(RequestContext& context, const Request& request, SignIn begun) {
  const auto code = request.query.get("code");
  if (request.query.get("iss").value_or("") != sessions_.origin())
    co_return fail(Code::kSignInIncomplete, "another provider's answer");
  if (!code) co_return fail(Code::kSignInIncomplete, std::string(request.query.get("error").value_or("")));
  EVC_CO_TRY(before, sessions_.handle_of(request));
  EVC_CO_TRY(tokens, co_await auth_.exchange(context, {.code = std::string(*code),
                                                       .verifier = begun.verifier,
                                                       .redirect_uri = sessions_.origin() + "/session/callback"}));
  // Always a handle of our own making; whatever the browser brought is never taken over.
  const std::string handle = random_text();
  if (before && !is_handle(*before)) before.reset();
  EVC_CO_CHECK(co_await auth_.begin(context, handle, std::move(tokens), before));
  if (before) sessions_.forget(*before);
  Response response = redirect(begun.return_to);
  response.headers.add("Set-Cookie", session_cookie(handle));
  co_return response;
}

Task<Response> SessionRoutes::logout(RequestContext& context, Request& request) {
  const auto handle = sessions_.handle_of(request);
  if (!handle) co_return http::problem(handle.error(), context, request.path);
  if (const auto ours = sessions_.check_provenance(request); !ours)
    co_return http::problem(ours.error(), context, request.path);
  if (*handle) {
    const auto ended = co_await sessions_.end(context, **handle);
    if (!ended) co_return http::problem(ended.error(), context, request.path);
  }
  Response response = http::no_store(Response::empty(204));
  response.headers.add("Set-Cookie", cleared_session_cookie());
  co_return response;
}

}  // namespace evc::gateway
