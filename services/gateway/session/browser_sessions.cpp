#include "services/gateway/session/browser_sessions.hpp"

#include "kit/base/bytes.hpp"
#include "kit/http/character_sets.hpp"
#include "services/gateway/domain/cookies.hpp"
#include "services/gateway/domain/same_origin.hpp"
#include "services/gateway/session/cookie_names.hpp"

namespace evc::gateway {
namespace {

std::vector<std::string_view> all_of(const http::Headers& headers, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& [field, value] : headers.all()) {
    if (http::equal_ignoring_case(field, name)) values.push_back(value);
  }
  return values;
}

std::string digest_of(const std::string& handle) {
  return std::string(view(sha256(handle)));
}

// A token that nobody takes has changed nothing, so the request may be done again; other 401s are about what it
// brought.
bool is_about_the_token(const http::Response& response) {
  return !response.stream && response.body.find(R"("code":"token-invalid")") != std::string::npos;
}

http::Response refusal(const Error& error, const RequestContext& context, const http::Request& request) {
  http::Response response = http::problem(error, context, request.path);
  if (error.code == Code::kUnauthenticated) response.headers.add("Set-Cookie", cleared_session_cookie());
  return response;
}

}  // namespace

bool is_handle(std::string_view text) {
  constexpr std::size_t kHandleBytes = 32;
  const auto bytes = base64url_decode(text);
  return bytes && bytes->size() == kHandleBytes;
}

std::string session_cookie(const std::string& handle) {
  return std::string(kSessionCookie) + "=" + handle + "; Path=/; Secure; HttpOnly; SameSite=Strict";
}

std::string cleared_session_cookie() {
  return std::string(kSessionCookie) + "=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict";
}

http::Middleware BrowserSessions::before_authentication() {
  return [this](RequestContext& context, http::Request& request, const http::RouteInfo& info, const http::Next& next) {
    return step(context, request, info, next);
  };
}

Result<std::optional<std::string>> BrowserSessions::handle_of(const http::Request& request) const {
  std::optional<std::string> handle;
  for (const std::string_view header : all_of(request.headers, "Cookie")) {
    for (const std::string_view value : cookie_values(header, kSessionCookie)) {
      if (handle) return fail(Code::kCredentialsAmbiguous, "the session's cookie came twice");
      handle = std::string(value);
    }
  }
  if (handle && request.headers.contains("Authorization"))
    return fail(Code::kCredentialsAmbiguous, "a session's cookie and an Authorization header");
  return handle;
}

Result<void> BrowserSessions::check_provenance(const http::Request& request) const {
  const RequestProvenance provenance{.method = request.method,
                                     .sec_fetch_site = all_of(request.headers, "Sec-Fetch-Site"),
                                     .origin = all_of(request.headers, "Origin"),
                                     .csrf = all_of(request.headers, "Evcosta-Csrf")};
  if (!comes_from_us(provenance, options_.origin)) return fail(Code::kCrossSiteRequest);
  return {};
}

Task<Result<SessionUse>> BrowserSessions::use(RequestContext& context, const http::Request& request,
                                              std::string handle) {
  if (!is_handle(handle)) co_return fail(Code::kUnauthenticated);
  const auto found = remembered_.find(digest_of(handle));
  if (found == remembered_.end()) {
    EVC_CO_CHECK(co_await guards_.admit(context, request));
  } else if (context.clock->steady() < found->second.until &&
             context.clock->wall() < found->second.use.access_expires_at) {
    co_return found->second.use;
  }
  co_return co_await ask(context, std::move(handle));
}

Task<Result<SessionUse>> BrowserSessions::ask(RequestContext& context, std::string handle) {
  const std::string digest = digest_of(handle);
  auto used = co_await auth_.use(context, handle);
  if (used) {
    const auto verified = co_await guards_.verify(context, used->access_token);
    const bool refused = !verified && verified.error().code == Code::kTokenInvalid;
    if (refused) used = co_await auth_.use(context, handle, used->access_token);
  }
  if (!used) {
    // Auth away for a moment is no reason to forget what it said.
    if (used.error().code == Code::kUnauthenticated) remembered_.erase(digest);
    co_return used;
  }
  if (remembered_.size() >= options_.sessions) remembered_.clear();
  remembered_[digest] = {.use = *used, .until = context.clock->steady() + options_.remembered};
  co_return used;
}

void BrowserSessions::doubt(const std::string& handle) {
  const auto found = remembered_.find(digest_of(handle));
  if (found != remembered_.end()) found->second.until = {};
}

void BrowserSessions::forget(const std::string& handle) {
  remembered_.erase(digest_of(handle));
}

Task<Result<void>> BrowserSessions::end(RequestContext& context, std::string handle) {
  forget(handle);
  if (!is_handle(handle)) co_return Result<void>{};
  co_return co_await auth_.end(context, std::move(handle));
}

Task<http::Response> BrowserSessions::step(RequestContext& context, http::Request& request, const http::RouteInfo& info,
                                           const http::Next& next) {
  const auto handle = handle_of(request);
  if (!handle) co_return http::problem(handle.error(), context, request.path);
  const bool asks_for_token =
      info.options.access == http::Access::kToken || info.options.access == http::Access::kOperator;
  if (!*handle || !asks_for_token) co_return co_await next(context, request);
  if (const auto ours = check_provenance(request); !ours) co_return http::problem(ours.error(), context, request.path);
  auto used = co_await use(context, request, **handle);
  if (!used) co_return refusal(used.error(), context, request);
  request.headers.remove("Cookie");
  request.headers.set("Authorization", "Bearer " + used->access_token);
  http::Response response = co_await next(context, request);
  if (response.status != 401) co_return response;
  // The token was ended elsewhere: what auth says about the session now counts.
  doubt(**handle);
  if (!is_about_the_token(response)) co_return response;
  const auto again = co_await use(context, request, **handle);
  if (!again) co_return refusal(again.error(), context, request);
  if (again->access_token == used->access_token) co_return response;
  request.headers.set("Authorization", "Bearer " + again->access_token);
  co_return co_await next(context, request);
}

}  // namespace evc::gateway
