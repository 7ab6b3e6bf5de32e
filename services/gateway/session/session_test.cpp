// The browser's session at the edge over real sockets: a front with the session's middleware and routes, and a stand-in
// for auth behind it that keeps handles in memory.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "kit/base/bytes.hpp"
#include "kit/http/server.hpp"
#include "kit/testing/raw_peer.hpp"
#include "kit/testing/run_task.hpp"
#include "services/gateway/session/session_routes.hpp"

namespace evc::gateway {
namespace {

using namespace std::chrono_literals;
using http::Request;
using http::Response;
using testing::RawPeer;

constexpr std::string_view kOrigin = "https://localhost:8443";
const std::string kFromAuth = "&iss=https://localhost:8443";
constexpr std::string_view kFromUs =
    "Origin: https://localhost:8443\r\nSec-Fetch-Site: same-origin\r\nEvcosta-Csrf: 1\r\n";

// What auth does, as far as the gateway sees it.
struct StandIn {
  std::map<std::string, std::string> sessions;  // handle → access token
  std::string challenge;                        // that the code was asked for with
  std::vector<std::string> bodies;
  int uses = 0;
};

std::string text(const json::Value& body, std::string_view name) {
  return std::string(body.as_object().at(name).as_string());
}

Task<Response> token(StandIn& auth, RequestContext& context, Request& request) {
  auth.bodies.push_back(request.body);
  const http::Query fields = http::Query::parse(request.body).value();
  const std::string challenge = base64url_encode(view(sha256(fields.get("code_verifier").value_or(""))));
  const bool good = fields.get("code") == "good" && challenge == auth.challenge &&
                    fields.get("redirect_uri") == "https://localhost:8443/session/callback" &&
                    fields.get("client_id") == "evcosta-console";
  if (!good) co_return Response::json(400, json::Object{{"error", "invalid_grant"}});
  co_return Response::json(200, json::Object{{"access_token", "first-token"},
                                             {"token_type", "Bearer"},
                                             {"expires_in", 600},
                                             {"refresh_token", "refresh"},
                                             {"id_token", "whatever"}});
}

Task<Response> begin(StandIn& auth, RequestContext& context, Request& request) {
  const auto body = json::parse(request.body).value();
  if (body.as_object().contains("replaces")) auth.sessions.erase(text(body, "replaces"));
  auth.sessions[text(body, "handle")] = text(body, "accessToken");
  co_return Response::json(201, json::Object{{"expiresAt", "2026-11-30T20:00:00.000Z"}});
}

Task<Response> use(StandIn& auth, RequestContext& context, Request& request) {
  ++auth.uses;
  const auto body = json::parse(request.body).value();
  const auto found = auth.sessions.find(text(body, "handle"));
  if (found == auth.sessions.end()) co_return http::problem({.code = Code::kNotFound}, context, request.path);
  const bool refused =
      body.as_object().contains("refused") && text(body, "refused") == base64url_encode(view(sha256(found->second)));
  if (refused) found->second = "renewed-token";
  co_return Response::json(200, json::Object{{"accessToken", found->second},
                                             {"accessExpiresAt", "2036-11-30T20:00:00.000Z"},
                                             {"expiresAt", "2036-11-30T20:00:00.000Z"},
                                             {"name", "Ana"}});
}

Task<Response> end(StandIn& auth, RequestContext&, Request& request) {
  auth.sessions.erase(text(json::parse(request.body).value(), "handle"));
  co_return Response::empty(204);
}

// Stands for authentication: whatever token there is is good, but those in `ended`.
std::set<std::string> ended_tokens;
Task<Response> believe(RequestContext& context, Request& request, const http::RouteInfo& info, const http::Next& next) {
  if (info.options.access != http::Access::kPublic && !request.headers.contains("Authorization"))
    co_return http::problem({.code = Code::kUnauthenticated}, context, request.path);
  if (ended_tokens.contains(std::string(request.headers.get("Authorization").value_or(""))))
    co_return http::problem({.code = Code::kTokenInvalid}, context, request.path);
  co_return co_await next(context, request);
}

Task<Result<Principal>> know(RequestContext&, std::string token) {
  if (ended_tokens.contains("Bearer " + token)) co_return fail(Code::kTokenInvalid);
  co_return Principal{.kind = Principal::Kind::kOperator, .role = "viewer", .scopes = {"operations:read"}};
}

Task<Result<void>> take(int& left) {
  if (left-- > 0) co_return Result<void>{};
  co_return fail(Code::kRateLimited);
}

Task<Response> record(std::vector<Request>& seen, RequestContext&, Request& request) {
  seen.push_back(request);
  co_return Response::text(200, "done");
}

class SessionTest : public ::testing::Test {
 protected:
  using Handler = Task<Response> (*)(StandIn&, RequestContext&, Request&);
  void SetUp() override {
    auto behind = std::make_shared<http::Router>();
    const http::RouteOptions open{.access = http::Access::kPublic};
    const auto answer = [&behind, &open, this](const char* path, Handler handler) {
      behind->add("POST", path, [this, handler](RequestContext& c, Request& r) { return handler(auth, c, r); }, open);
    };
    answer("/oauth2/token", token);
    answer("/internal/browser-sessions", begin);
    answer("/internal/browser-sessions/use", use);
    answer("/internal/browser-sessions/end", end);
    auth_server = serve(behind, {}, http::ServerOptions::Trust::kInternal);
    client = std::make_shared<http::Client>(
        worker, http::ClientOptions{.service = "auth", .endpoints = {{"127.0.0.1", auth_server->port()}}});
    calls.emplace(client);
    ended_tokens.clear();
    const auto admit = [this](RequestContext&, const Request&) { return take(unknown_cookies); };
    sessions.emplace(*calls, SessionGuards{.admit = admit, .verify = know},
                     SessionOptions{.origin = std::string(kOrigin), .remembered = remembered});
    routes.emplace(*sessions, *calls, know);

    auto router = std::make_shared<http::Router>();
    router->add("GET", "/session", [this](RequestContext& c, Request& r) { return routes->show(c, r); }, open);
    router->add("GET", "/session/login", [this](RequestContext& c, Request& r) { return routes->login(c, r); }, open);
    router->add(
        "GET", "/session/callback", [this](RequestContext& c, Request& r) { return routes->callback(c, r); }, open);
    router->add(
        "POST", "/session/logout", [this](RequestContext& c, Request& r) { return routes->logout(c, r); }, open);
    const auto own = [this](RequestContext& c, Request& r) { return record(seen, c, r); };
    for (const char* method : {"GET", "POST", "PATCH", "DELETE"}) router->add(method, "/things", own);
    router->add("GET", "/open", own, open);
    front = serve(router, {sessions->before_authentication(), believe}, http::ServerOptions::Trust::kPublic);
  }
  void TearDown() override {
    front->close_all();
    client->close();
    auth_server->close_all();
    testing::run_until(worker, [&] { return front->connections() + auth_server->connections() == 0; }, 5s);
  }
  std::unique_ptr<http::Server> serve(std::shared_ptr<http::Router> router, std::vector<http::Middleware> middleware,
                                      http::ServerOptions::Trust trust) {
    auto server = std::make_unique<http::Server>(worker, std::move(router), std::move(middleware),
                                                 http::ServerOptions{.server_name = "test", .trust = trust});
    server->start();
    return server;
  }
  RawPeer::Answer ask(std::string_view method, std::string_view path, std::string_view headers = "",
                      std::string_view body = "") {
    std::string bytes =
        std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers);
    if (!body.empty() || method == "POST") bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return RawPeer(worker, front->port()).exchange(bytes + "\r\n" + std::string(body));
  }
  static std::string cookie(const RawPeer::Answer& answer, std::string_view name) {
    for (const auto& [field, value] : answer.headers.all()) {
      if (field != "Set-Cookie" || !value.starts_with(std::string(name) + "=")) continue;
      return value.substr(0, value.find(';'));
    }
    return {};
  }
  struct Begun {
    std::string cookie, state;
  };
  // As far as the sign-in page.
  Begun begin_sign_in(std::string_view query = "") {
    const auto answer = ask("GET", "/session/login" + std::string(query));
    EXPECT_EQ(answer.status, 303);
    const std::string location(answer.headers.get("Location").value_or(""));
    const auto asked = http::Query::parse(location.substr(location.find('?') + 1)).value();
    auth.challenge = asked.get("code_challenge").value_or("");
    const std::string state(asked.get("state").value_or(""));
    return {.cookie = cookie(answer, "__Host-evcosta-login-" + state.substr(0, 8)), .state = state};
  }
  // "Cookie: …\r\n" of a signed-in browser.
  std::string sign_in(std::string_view more_cookies = "") {
    const Begun begun = begin_sign_in();
    const auto back = ask("GET", "/session/callback?code=good" + kFromAuth + "&state=" + begun.state,
                          "Cookie: " + begun.cookie + std::string(more_cookies) + "\r\n");
    EXPECT_EQ(back.status, 303) << back.body;
    return "Cookie: " + cookie(back, "__Host-evcosta") + "\r\n";
  }
  static bool says(const RawPeer::Answer& answer, std::string_view code) {
    return answer.body.find("\"code\":\"" + std::string(code) + "\"") != std::string::npos;
  }

  Worker worker;
  int unknown_cookies = 1'000;  // that are let through to auth
  std::chrono::milliseconds remembered{5'000};
  StandIn auth;
  std::vector<Request> seen;
  std::unique_ptr<http::Server> auth_server, front;
  std::shared_ptr<http::Client> client;
  std::optional<AuthCalls> calls;
  std::optional<BrowserSessions> sessions;
  std::optional<SessionRoutes> routes;
};

TEST_F(SessionTest, ASignInEndsWithACookieThatSaysNothing) {
  const auto login = ask("GET", "/session/login?returnTo=/console/stations");
  const std::string location(login.headers.get("Location").value_or(""));
  EXPECT_TRUE(
      location.starts_with("https://localhost:8443/oauth2/authorize?response_type=code&client_id=evcosta-console"))
      << location;
  EXPECT_NE(location.find("code_challenge_method=S256"), std::string::npos);
  const Begun begun = begin_sign_in("?returnTo=/console/stations");
  const auto back = ask("GET", "/session/callback?code=good" + kFromAuth + "&state=" + begun.state,
                        "Cookie: " + begun.cookie + "\r\n");
  EXPECT_EQ(back.status, 303);
  EXPECT_EQ(back.headers.get("Location"), "/console/stations");
  std::string session;
  for (const auto& [name, value] : back.headers.all()) {
    if (name == "Set-Cookie" && value.starts_with("__Host-evcosta=")) session = value;
  }
  EXPECT_TRUE(session.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict")) << session;
  EXPECT_EQ(session.find("first-token"), std::string::npos);
  EXPECT_EQ(session.substr(0, session.find(';')).size(), std::string_view("__Host-evcosta=").size() + 43);
  const std::string name = begun.cookie.substr(0, begun.cookie.find('='));
  EXPECT_EQ(cookie(back, name), name + "=") << "it is over";
  EXPECT_EQ(back.headers.get("Cache-Control"), "no-store");
}

TEST_F(SessionTest, ACodeFromElsewhereSignsNobodyIn) {
  const Begun begun = begin_sign_in();
  const Begun other = begin_sign_in();
  const std::string mine = "Cookie: " + begun.cookie + "\r\n";
  for (const auto& [query, headers] :
       {std::pair<std::string, std::string>{"?code=good" + kFromAuth + "&state=" + other.state, mine},
        {"?code=good" + kFromAuth + "&state=" + begun.state, ""},
        {"?code=good" + kFromAuth + "&state=" + begun.state.substr(0, 8), mine},
        {"?code=good" + kFromAuth, mine},
        {"?state=" + begun.state + kFromAuth + "&error=access_denied", mine},
        {"?code=good&iss=https://evil.example&state=" + begun.state, mine},
        {"?code=good&state=" + begun.state, mine},
        {"?code=good" + kFromAuth + "&state=" + begun.state, "Cookie: " + begun.cookie + "; " + begun.cookie + "\r\n"},
        {"?code=good" + kFromAuth + "&state=", "Cookie: __Host-evcosta-login-=..\r\n"}}) {
    const auto answer = ask("GET", "/session/callback" + query, headers);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_TRUE(says(answer, "sign-in-incomplete")) << answer.body;
    EXPECT_EQ(cookie(answer, "__Host-evcosta"), "");
  }
  const auto page = ask("GET", "/session/callback?code=good", "Accept: text/html\r\nAccept-Language: en\r\n");
  EXPECT_NE(page.body.find("<html lang=\"en\">"), std::string::npos);
  EXPECT_TRUE(auth.sessions.empty());
}

TEST_F(SessionTest, TheHandleIsAlwaysANewOneAndTheOldSessionEnds) {
  const std::string chosen = "__Host-evcosta=" + std::string(43, 'A');
  const std::string mine = sign_in("; " + chosen);
  EXPECT_EQ(mine.find(std::string(43, 'A')), std::string::npos) << "what the browser brought is never taken over";
  const std::string again = sign_in("; " + mine.substr(8, mine.size() - 10));
  EXPECT_NE(again, mine);
  EXPECT_EQ(auth.sessions.size(), 1U) << "the one before has ended";
  EXPECT_EQ(ask("GET", "/things", mine).status, 401);
  EXPECT_EQ(ask("GET", "/things", again).status, 200);
}

TEST_F(SessionTest, TwoTabsSignInAtOnceAndALinkFromElsewhereSpoilsNeither) {
  const Begun first = begin_sign_in();
  const std::string challenge = auth.challenge;
  const Begun second = begin_sign_in();
  const std::string both = "Cookie: " + first.cookie + "; " + second.cookie + "\r\n";
  const auto spoilt = ask("GET", "/session/callback?code=x&state=x", both);
  EXPECT_EQ(spoilt.status, 400);
  EXPECT_FALSE(spoilt.headers.contains("Set-Cookie"));
  EXPECT_EQ(ask("GET", "/session/callback?code=good" + kFromAuth + "&state=" + second.state, both).status, 303);
  auth.challenge = challenge;
  EXPECT_EQ(ask("GET", "/session/callback?code=good" + kFromAuth + "&state=" + first.state, both).status, 303);
  std::string many = "Cookie: ";
  for (char c : {'a', 'b', 'c', 'd'}) many += "__Host-evcosta-login-" + std::string(8, c) + "=x; ";
  const auto next = ask("GET", "/session/login", many + "\r\n");
  EXPECT_EQ(cookie(next, "__Host-evcosta-login-aaaaaaaa"), "__Host-evcosta-login-aaaaaaaa=") << "not ever more of them";
}

TEST_F(SessionTest, CookiesThatNobodyKnowsAskAuthRarely) {
  const std::string mine = sign_in();
  EXPECT_EQ(ask("GET", "/things", mine).status, 200);
  unknown_cookies = 3;
  const int before = auth.uses;
  for (int i = 0; i < 10; ++i)
    ask("GET", "/things", "Cookie: __Host-evcosta=" + std::string(42, static_cast<char>('a' + i)) + "A\r\n");
  EXPECT_EQ(auth.uses - before, 3);
  const auto refused = ask("GET", "/session", "Cookie: __Host-evcosta=" + std::string(43, 'A') + "\r\n");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(cookie(refused, "__Host-evcosta"), "") << "it may be good";
  for (const char* strange : {"", "x", "../../etc"})
    EXPECT_EQ(ask("GET", "/things", "Cookie: __Host-evcosta=" + std::string(strange) + "\r\n").status, 401);
  EXPECT_EQ(auth.uses - before, 3) << "what is no handle is not asked about at all";
  EXPECT_EQ(ask("GET", "/things", mine).status, 200) << "who is known goes on";
}

TEST_F(SessionTest, ATokenThatIsRefusedIsRenewedAndNobodyNoticesIt) {
  const std::string mine = sign_in();
  EXPECT_EQ(ask("GET", "/things", mine).status, 200);
  ended_tokens = {"Bearer first-token"};
  seen.clear();
  EXPECT_EQ(ask("POST", "/things", mine + std::string(kFromUs), "{}").status, 200);
  ASSERT_EQ(seen.size(), 1U) << "it was refused before it did anything";
  EXPECT_EQ(seen[0].headers.get("Authorization"), "Bearer renewed-token");
  EXPECT_EQ(seen[0].body, "{}");
  ended_tokens.insert("Bearer renewed-token");
  const auto faulty = ask("GET", "/session", mine);
  EXPECT_EQ(faulty.status, 503);
  EXPECT_EQ(cookie(faulty, "__Host-evcosta"), "") << "a key that we do not know signs nobody out";
  ended_tokens.clear();
  EXPECT_NE(ask("GET", "/session", mine).body.find("\"signedIn\":true"), std::string::npos);
}

TEST_F(SessionTest, ASignInLeadsBackToTheConsoleOnly) {
  for (const char* elsewhere :
       {"https://evil.example/", "//evil.example/console/", "/console//evil.example", "/auth/login"})
    EXPECT_EQ(ask("GET", std::string("/session/login?returnTo=") + elsewhere).status, 422) << elsewhere;
}

TEST_F(SessionTest, RequestsGetTheTokenAndLoseTheCookie) {
  const std::string mine = sign_in();
  EXPECT_EQ(ask("GET", "/things", mine).status, 200);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].headers.get("Authorization"), "Bearer first-token");
  EXPECT_FALSE(seen[0].headers.contains("Cookie"));
  for (const char* method : {"POST", "PATCH", "DELETE"})
    EXPECT_EQ(ask(method, "/things", mine + std::string(kFromUs)).status, 200) << method;
  const int uses = auth.uses;
  for (int i = 0; i < 5; ++i) ask("GET", "/things", mine);
  EXPECT_EQ(auth.uses, uses) << "auth is not asked each time";
}

TEST_F(SessionTest, WhatDoesNotComeFromOurPagesChangesNothing) {
  const std::string mine = sign_in();
  seen.clear();
  for (const char* from :
       {"", "Evcosta-Csrf: 1\r\n", "Origin: https://localhost:8443\r\n", "Sec-Fetch-Site: same-origin\r\n",
        "Origin: null\r\nEvcosta-Csrf: 1\r\n", "Origin: https://localhost:9999\r\nEvcosta-Csrf: 1\r\n",
        "Origin: https://localhost:8443\r\nSec-Fetch-Site: same-site\r\nEvcosta-Csrf: 1\r\n",
        "Origin: https://localhost:8443\r\nOrigin: https://localhost:8443\r\nEvcosta-Csrf: 1\r\n"}) {
    for (const auto& [method, path] :
         {std::pair{"POST", "/things"}, {"DELETE", "/things"}, {"POST", "/session/logout"}}) {
      const auto answer = ask(method, path, mine + from);
      EXPECT_EQ(answer.status, 403) << method << " " << path << " " << from;
      EXPECT_TRUE(says(answer, "cross-site-request"));
    }
  }
  EXPECT_EQ(ask("GET", "/things", mine + "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(ask("GET", "/things", mine + "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(ask("GET", "/things", mine).status, 200) << "still signed in";
}

TEST_F(SessionTest, TwoCredentialsAreRefused) {
  const std::string mine = sign_in();
  const std::string value = mine.substr(8, mine.size() - 10);
  for (const std::string& headers : {mine + "Authorization: Bearer x\r\n", "Cookie: " + value + "; " + value + "\r\n",
                                     mine + "Cookie: __Host-evcosta=" + std::string(43, 'B') + "\r\n"}) {
    for (const char* path : {"/things", "/open", "/session"}) {
      const auto answer = ask("GET", path, headers);
      EXPECT_EQ(answer.status, 400) << path;
      EXPECT_TRUE(says(answer, "credentials-ambiguous"));
    }
  }
  // A name that only looks like ours is somebody else's cookie.
  EXPECT_EQ(ask("GET", "/things", "Cookie: __host-evcosta=x; " + value + "\r\n").status, 200);
}

TEST_F(SessionTest, WhoIsSignedIn) {
  EXPECT_EQ(ask("GET", "/session").body, R"({"signedIn":false,"roles":[],"scopes":[]})");
  const std::string mine = sign_in();
  const auto answer = ask("GET", "/session", mine);
  EXPECT_EQ(
      answer.body,
      R"({"signedIn":true,"name":"Ana","roles":["viewer"],"scopes":["operations:read"],"expiresAt":"2036-11-30T20:00:00.000Z"})");
  EXPECT_EQ(answer.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(ask("GET", "/session", mine + "Origin: https://evil.example\r\n").status, 403);
  const auto over = ask("GET", "/session", "Cookie: __Host-evcosta=" + std::string(43, 'C') + "\r\n");
  EXPECT_NE(over.body.find("\"signedIn\":false"), std::string::npos);
  EXPECT_EQ(cookie(over, "__Host-evcosta"), "__Host-evcosta=") << "a cookie that is worth nothing is taken away";
}

TEST_F(SessionTest, SignOut) {
  const std::string mine = sign_in();
  const auto out = ask("POST", "/session/logout", mine + std::string(kFromUs));
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(cookie(out, "__Host-evcosta"), "__Host-evcosta=");
  EXPECT_TRUE(auth.sessions.empty());
  const auto refused = ask("GET", "/things", mine);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(cookie(refused, "__Host-evcosta"), "__Host-evcosta=");
  EXPECT_EQ(ask("POST", "/session/logout", std::string(kFromUs)).status, 204) << "nothing is left to do";
}

TEST_F(SessionTest, WithoutAuthASessionThatIsRememberedGoesOnAndNobodyIsSignedOut) {
  const std::string mine = sign_in();
  const std::string other = sign_in();
  EXPECT_EQ(ask("GET", "/things", mine).status, 200);
  auth_server->close_all();
  auth_server->stop_accepting();
  EXPECT_EQ(ask("GET", "/things", mine).status, 200);
  const auto away = ask("GET", "/things", other);
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(cookie(away, "__Host-evcosta"), "") << "it may be good still";
}

}  // namespace
}  // namespace evc::gateway
