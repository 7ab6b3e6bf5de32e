#include "kit/telemetry/trace_context.hpp"

#include <gtest/gtest.h>

namespace evc::telemetry {
namespace {

const std::string kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, RoundTrip) {
  const auto context = TraceContext::parse(kParent, "vendor=a,other=b");
  ASSERT_TRUE(context);
  EXPECT_EQ(context->traceparent(), kParent);
  EXPECT_EQ(context->trace_id_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->span_id_hex(), "00f067aa0ba902b7");
  EXPECT_EQ(context->trace_state, "vendor=a,other=b");
  EXPECT_TRUE(context->sampled);
}

TEST(TraceContext, FlagsAndLaterVersions) {
  std::string text = kParent;
  text.back() = '0';
  EXPECT_FALSE(TraceContext::parse(text)->sampled);
  text = "cc" + kParent.substr(2) + "-what-the-future-will-be";
  EXPECT_TRUE(TraceContext::parse(text));
  EXPECT_FALSE(TraceContext::parse("cc" + kParent.substr(2) + ".x"));
}

TEST(TraceContext, RefusesWhatIsNotWellFormed) {
  std::string upper = kParent;
  upper[5] = 'F';
  for (const std::string& bad :
       {std::string(), std::string("00"), upper, "ff" + kParent.substr(2), kParent + "-01", kParent.substr(0, 54),
        std::string("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
        std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
        std::string("00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01"),
        std::string("00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01")}) {
    EXPECT_FALSE(TraceContext::parse(bad)) << bad;
  }
}

TEST(TraceContext, ABadStateIsDroppedAlone) {
  EXPECT_EQ(TraceContext::parse(kParent, std::string(513, 'a'))->trace_state, "");
  EXPECT_EQ(TraceContext::parse(kParent, "a=\r\nSet-Cookie: x")->trace_state, "");
}

TEST(TraceContext, RootsAndChildren) {
  const TraceContext root = TraceContext::root();
  EXPECT_TRUE(root.valid() && root.sampled);
  EXPECT_NE(root.trace_id, TraceContext::root().trace_id);
  const TraceContext child = root.child();
  EXPECT_EQ(child.trace_id, root.trace_id);
  EXPECT_NE(child.span_id, root.span_id);
  EXPECT_FALSE(TraceContext{}.valid());
}

}  // namespace
}  // namespace evc::telemetry
