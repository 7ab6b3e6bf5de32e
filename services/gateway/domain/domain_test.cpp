#include <gtest/gtest.h>

#include "services/gateway/domain/cookies.hpp"
#include "services/gateway/domain/header_rules.hpp"
#include "services/gateway/domain/importance.hpp"
#include "services/gateway/domain/same_origin.hpp"

namespace evc::gateway {
namespace {

TEST(HeaderRules, TheCallersOwnHeadersGoToTheService) {
  for (const char* name : {"Authorization", "Idempotency-Key", "Content-Type", "Accept", "Accept-Language",
                           "Last-Event-ID", "webhook-signature", "If-None-Match"}) {
    EXPECT_TRUE(goes_to_service(name)) << name;
  }
}

TEST(HeaderRules, OursAndHopByHopDoNot) {
  for (const char* name :
       {"evc-deadline-ms", "EVC-Principal", "X-Forwarded-For", "x-forwarded-host", "Forwarded", "X-Real-IP",
        "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Host", "Content-Length",
        "Proxy-Authorization", "traceparent", "Sec-WebSocket-Key", "Evcosta-Csrf"}) {
    EXPECT_FALSE(goes_to_service(name)) << name;
  }
}

TEST(HeaderRules, AnswersDoNotShowWhatRunsBehind) {
  for (const char* name : {"Content-Type", "Cache-Control", "Idempotency-Replayed", "Retry-After", "Location",
                           "Set-Cookie", "ETag", "WWW-Authenticate"}) {
    EXPECT_TRUE(goes_to_client(name)) << name;
  }
  for (const char* name : {"Server", "traceresponse", "Server-Timing", "evc-anything", "Connection",
                           "Transfer-Encoding", "Date", "RateLimit"})
    EXPECT_FALSE(goes_to_client(name)) << name;
}

TEST(Importance, StoppingAChargeComesLastAndLooksForRoutesFirst) {
  for (const char* other :
       {"charge", "partner", "write", "refresh", "operations", "stream", "read", "public", "sign-in", "search"})
    EXPECT_LT(share_of(other), share_of("stop")) << other;
  EXPECT_LT(share_of("search"), share_of("read"));
  EXPECT_LT(share_of("read"), share_of("charge"));
  EXPECT_GT(share_of("unheard-of"), 0);
}

TEST(Cookies, EveryValueOfANameIsSeen) {
  using Values = std::vector<std::string_view>;
  EXPECT_EQ(cookie_values("a=1; b=2;a=3", "a"), (Values{"1", "3"}));
  EXPECT_EQ(cookie_values("xa=1; a =2 ; A=4; a", "a"), (Values{"2"}));
  EXPECT_EQ(cookie_values(";;=;a=;", "a"), (Values{""}));
  EXPECT_TRUE(cookie_values("", "a").empty());
  EXPECT_EQ(cookies_where("a=1; b=2; c=3", [](std::string_view name) { return name != "b"; }), "a=1; c=3");
  EXPECT_EQ(cookies_where("b=2", [](std::string_view name) { return name != "b"; }), "");
}

TEST(SameOrigin, WhoChangesSomethingProvesWhereItComesFrom) {
  constexpr std::string_view kOwn = "https://localhost:8443";
  using Values = std::vector<std::string_view>;
  const auto post = [&](Values site, Values origin, Values csrf) {
    return comes_from_us({.method = "POST", .sec_fetch_site = site, .origin = origin, .csrf = csrf}, kOwn);
  };
  EXPECT_TRUE(post({"same-origin"}, {kOwn}, {"1"}));
  EXPECT_TRUE(post({}, {kOwn}, {"1"})) << "a browser without fetch metadata";
  EXPECT_TRUE(post({"same-origin"}, {}, {"1"}));
  EXPECT_FALSE(post({"same-origin"}, {kOwn}, {}));
  EXPECT_FALSE(post({"same-origin"}, {kOwn}, {"2"}));
  EXPECT_FALSE(post({"same-origin"}, {kOwn}, {"1", "1"}));
  EXPECT_FALSE(post({}, {}, {"1"})) << "nobody says where it comes from";
  EXPECT_FALSE(post({"none"}, {}, {"1"}));
  for (const char* site : {"same-site", "cross-site", "none", ""}) EXPECT_FALSE(post({site}, {kOwn}, {"1"})) << site;
  for (const char* origin :
       {"null", "https://localhost:8444", "http://localhost:8443", "https://localhost", "https://evil.example", ""}) {
    EXPECT_FALSE(post({}, {origin}, {"1"})) << origin;
    EXPECT_FALSE(post({"same-origin"}, {origin}, {"1"})) << origin;
  }
  EXPECT_FALSE(post({"same-origin", "same-origin"}, {}, {"1"}));
}

TEST(SameOrigin, ReadingNeedsNoProofButNothingSpeaksAgainstIt) {
  constexpr std::string_view kOwn = "https://localhost:8443";
  const auto get = [&](std::vector<std::string_view> site, std::vector<std::string_view> origin) {
    return comes_from_us({.method = "GET", .sec_fetch_site = site, .origin = origin}, kOwn);
  };
  EXPECT_TRUE(get({}, {}));
  EXPECT_TRUE(get({"none"}, {}));
  EXPECT_TRUE(get({"same-origin"}, {}));
  EXPECT_FALSE(get({"same-site"}, {}));
  EXPECT_FALSE(get({"cross-site"}, {}));
  EXPECT_FALSE(get({}, {"https://localhost:9999"})) << "an event stream opened by another origin of this host";
  EXPECT_FALSE(get({}, {"null"}));
}

TEST(SameOrigin, ASignInLeadsBackToAPageOfTheConsoleOnly) {
  for (const char* good : {"/console", "/console/", "/console/stations/BR-1?tab=log#top", "/console/a..b/.c?at=../x"})
    EXPECT_TRUE(is_console_page(good));
  for (const char* bad :
       {"", "/", "//evil.example/console/", "https://evil.example/console/", "/consoles", "/console//evil",
        "/console/\\evil", "/console/\r\nSet-Cookie: a=b", "/console/ x", "console/", "/console/../oauth2/logout",
        "/console/%2e%2E/auth/verify?token=x", "/console/.%2e", "/console/./x"})
    EXPECT_FALSE(is_console_page(bad)) << bad;
  EXPECT_FALSE(is_console_page("/console/" + std::string(512, 'x')));
}

}  // namespace
}  // namespace evc::gateway
