#include "kit/telemetry/span.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evc::telemetry {
namespace {

class SpanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_test_sink([this](const EndedSpan& span) { ended_.push_back(span); });
  }
  void TearDown() override { set_test_sink({}); }
  std::vector<EndedSpan> ended_;
};

TEST_F(SpanTest, ARootAndItsChildShareTheTrace) {
  Span root = start_span("POST /charging/start", {}, {.kind = SpanKind::kServer});
  Span child = start_span("INSERT", root.context(),
                          {.kind = SpanKind::kClient, .attributes = {{"db.system.name", "postgresql"}}});
  EXPECT_TRUE(root.context().valid() && child.context().valid());
  EXPECT_EQ(child.context().trace_id, root.context().trace_id);
  EXPECT_NE(child.context().span_id, root.context().span_id);
  child.end();
  root.end();
  ASSERT_EQ(ended_.size(), 2U);
  EXPECT_EQ(ended_[0].parent.span_id, root.context().span_id);
  EXPECT_EQ(ended_[0].kind, SpanKind::kClient);
  EXPECT_EQ(ended_[0].attributes, (Attributes{{"db.system.name", "postgresql"}}));
  EXPECT_FALSE(ended_[1].parent.valid());
  EXPECT_EQ(ended_[1].name, "POST /charging/start");
}

TEST_F(SpanTest, EndsOnceByTheDestructorOrEnd) {
  {
    Span moved_from = start_span("a", {});
    Span span = std::move(moved_from);
    span.end();
  }
  {
    Span overwritten = start_span("b", {});
    overwritten = start_span("c", {});
    EXPECT_EQ(ended_.size(), 2U);
  }
  ASSERT_EQ(ended_.size(), 3U);
  EXPECT_EQ(ended_[2].name, "c");
}

TEST_F(SpanTest, AttributesLinksAndErrors) {
  const TraceContext creation = TraceContext::root();
  Span span = start_span("process charging.events", creation, {.kind = SpanKind::kConsumer, .links = {creation}});
  span.set("ev.retry.attempt", std::int64_t{1});
  span.set("ev.retry.attempt", std::int64_t{2});
  span.set("done", false);
  span.fail("schema-invalid");
  span.end();
  span.set("late", true);
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_EQ(ended_[0].attributes, (Attributes{{"ev.retry.attempt", std::int64_t{2}}, {"done", false}}));
  EXPECT_EQ(ended_[0].links.at(0).span_id, creation.span_id);
  EXPECT_EQ(ended_[0].error_type, "schema-invalid");
}

TEST_F(SpanTest, TheSamplingDecisionAndStateAreInherited) {
  auto parent = *TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "a=b");
  const Span span = start_span("x", parent);
  EXPECT_FALSE(span.context().sampled);
  EXPECT_EQ(span.context().trace_state, "a=b");
}

TEST(SpanWithoutSink, StillHasAContextAndCostsLittle) {
  const Span span = start_span("x", {});
  EXPECT_TRUE(span.context().valid());
  EXPECT_FALSE(Span().context().valid());
}

}  // namespace
}  // namespace evc::telemetry
