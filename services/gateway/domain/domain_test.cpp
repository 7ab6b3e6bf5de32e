#include <gtest/gtest.h>

#include "services/gateway/domain/header_rules.hpp"

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

}  // namespace
}  // namespace evc::gateway
