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

}  // namespace

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

Task<Result<SessionUse>> BrowserSessions::use(RequestContext& context, std::string handle) {
  const std::string digest = digest_of(handle);
  const auto found = remembered_.find(digest);
  const bool fresh = found != remembered_.end() && context.clock->steady() < found->second.until &&
                     context.clock->wall() < found->second.use.access_expires_at;
  if (fresh) co_return found->second.use;
  auto used = co_await auth_.use(context, std::move(handle));
  if (!used) {
    // Auth away for a moment is no reason to forget what it said.
    if (used.error().code == Code::kUnauthenticated) remembered_.erase(digest);
    co_return used;
  }
  if (remembered_.size() >= options_.sessions) remembered_.clear();
  remembered_[digest] = {.use = *used, .until = context.clock->steady() + options_.remembered};
  co_return used;
}

Task<Result<void>> BrowserSessions::end(RequestContext& context, std::string handle) {
  remembered_.erase(digest_of(handle));
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
  auto used = co_await use(context, **handle);
  if (!used) {
    http::Response response = http::problem(used.error(), context, request.path);
    if (used.error().code == Code::kUnauthenticated) response.headers.add("Set-Cookie", cleared_session_cookie());
    co_return response;
  }
  request.headers.set("Authorization", "Bearer " + used->access_token);
  request.headers.remove("Cookie");
  http::Response response = co_await next(context, request);
  // The token was ended elsewhere: what auth says about the session now counts.
  if (response.status == 401) remembered_.erase(digest_of(**handle));
  co_return response;
}

}  // namespace evc::gateway
