#include "kit/telemetry/request_context.hpp"

#include <gtest/gtest.h>

#include "kit/testing/manual_clock.hpp"

namespace evc {
namespace {

using namespace std::chrono_literals;

TEST(RequestContext, RemainingTimeIsNeverNegative) {
  testing::ManualClock clock;
  RequestContext context{.deadline = clock.steady() + 1500us, .clock = &clock};
  EXPECT_EQ(context.remaining(), 1ms);
  EXPECT_FALSE(context.expired());
  clock.advance(1s);
  EXPECT_EQ(context.remaining(), 0ms);
  EXPECT_TRUE(context.expired());
}

TEST(RequestContext, NoDeadlineIsFarAway) {
  const RequestContext context;
  EXPECT_GT(context.remaining(), 1h);
  EXPECT_FALSE(context.expired());
}

TEST(RequestContext, ATimeoutOnlyShortens) {
  testing::ManualClock clock;
  const RequestContext context{.deadline = clock.steady() + 5s, .clock = &clock};
  EXPECT_EQ(context.with_timeout(2s).remaining(), 2s);
  EXPECT_EQ(context.with_timeout(20s).remaining(), 5s);
  const auto child = telemetry::TraceContext::root();
  EXPECT_EQ(context.with_trace(child).trace.span_id, child.span_id);
  EXPECT_EQ(context.with_trace(child).deadline, context.deadline);
}

TEST(RequestContext, Scopes) {
  const Principal principal{.scopes = {"charging:write", "profile"}};
  EXPECT_TRUE(principal.has_scope("profile"));
  EXPECT_FALSE(principal.has_scope("charging"));
}

TEST(BackgroundContext, HasATimeAndATraceThatIsNotKept) {
  testing::ManualClock clock;
  const RequestContext context = background_context(3s, clock);
  EXPECT_EQ(context.remaining(), 3s);
  EXPECT_TRUE(context.trace.valid());
  EXPECT_FALSE(context.trace.sampled);
  EXPECT_EQ(context.principal.kind, Principal::Kind::kAnonymous);
}

}  // namespace
}  // namespace evc
