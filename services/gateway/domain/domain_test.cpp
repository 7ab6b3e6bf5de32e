#include <gtest/gtest.h>

#include "services/gateway/domain/header_rules.hpp"
#include "services/gateway/domain/languages.hpp"

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
        "Proxy-Authorization", "traceparent", "Sec-WebSocket-Key"}) {
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

TEST(Languages, BestQualityThatWeSpeak) {
  EXPECT_EQ(language_tag(choose_language("")), "pt-BR");
  EXPECT_EQ(language_tag(choose_language("en-GB,en;q=0.9")), "en");
  EXPECT_EQ(language_tag(choose_language("fr, es;q=0.5, en;q=0.4")), "es");
  EXPECT_EQ(language_tag(choose_language("en;q=0.2, pt;q=0.7")), "pt-BR");
  EXPECT_EQ(language_tag(choose_language("en;q=0, es;q=0.1")), "es");
  EXPECT_EQ(language_tag(choose_language("en;q=nonsense")), "pt-BR");
}

TEST(Languages, HtmlForBrowsersOnly) {
  EXPECT_EQ(choose_form("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), Form::kHtml);
  EXPECT_EQ(choose_form("*/*"), Form::kJson);
  EXPECT_EQ(choose_form(""), Form::kJson);
  EXPECT_EQ(choose_form("text/html;q=0.1, application/json"), Form::kJson);
}

}  // namespace
}  // namespace evc::gateway
