#include "simulators/fault_gate/gate.hpp"

#include <gtest/gtest.h>

#include "kit/net/listener.hpp"
#include "kit/net/stream.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::fault_gate {
namespace {

using namespace std::chrono_literals;
using evc::testing::run_task;

SteadyTime in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

Task<> echo(std::unique_ptr<net::Stream> stream) {
  std::array<char, 4096> buffer;
  while (true) {
    auto read = co_await stream->read_some(buffer, SteadyTime::max());
    if (!read) co_return;
    auto written = co_await stream->write_all({buffer.data(), *read}, SteadyTime::max());
    if (!written) co_return;
  }
}

Task<> echo_server(Worker& worker, net::Listener& listener) {
  while (true) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
    worker.tasks().spawn("echo", echo(std::move(*accepted)));
  }
}

// Sends and reads the echo back; the time that it took.
Task<Result<std::chrono::milliseconds>> round_trip(net::Stream& stream, std::string text,
                                                   std::chrono::milliseconds limit) {
  const auto begun = std::chrono::steady_clock::now();
  EVC_CO_CHECK(co_await stream.write_all(text, in(limit)));
  std::string back;
  std::array<char, 4096> buffer;
  while (back.size() < text.size()) {
    EVC_CO_TRY(size, co_await stream.read_some(buffer, in(limit)));
    back.append(buffer.data(), size);
  }
  EXPECT_EQ(back, text);
  co_return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
}

Task<Result<std::size_t>> read_one(net::Stream& stream, std::chrono::milliseconds limit) {
  std::array<char, 16> buffer;
  auto read = co_await stream.read_some(buffer, in(limit));
  co_return read;
}

class FaultGate : public ::testing::Test {
 protected:
  FaultGate()
      : listener_(worker_, {}),
        gate_(worker_, {.name = "gate", .target_host = "127.0.0.1", .target_port = listener_.port()}) {
    worker_.tasks().spawn("echo server", echo_server(worker_, listener_));
    worker_.tasks().spawn("gate", gate_.run());
  }
  ~FaultGate() override {
    listener_.close();
    worker_.tasks().cancel();
    run_task(worker_, worker_.tasks().drain(in(5s)));
  }
  std::unique_ptr<net::Stream> connect() {
    auto stream = run_task(worker_, net::dial(worker_, {.host = "127.0.0.1", .port = gate_.port()}, in(2s)));
    EXPECT_TRUE(stream);
    return std::move(*stream);
  }
  Result<std::chrono::milliseconds> trip(net::Stream& stream, std::string text = "hello",
                                         std::chrono::milliseconds limit = 5s) {
    return run_task(worker_, round_trip(stream, std::move(text), limit));
  }

  Worker worker_;
  net::Listener listener_;
  Gate gate_;
};

TEST_F(FaultGate, PassesBytesBothWays) {
  auto stream = connect();
  const auto took = trip(*stream, std::string(200'000, 'x'));
  ASSERT_TRUE(took);
  EXPECT_EQ(gate_.counts().bytes_up, 200'000u);
  EXPECT_EQ(gate_.counts().bytes_down, 200'000u);
  EXPECT_EQ(gate_.counts().open, 1u);
  stream.reset();
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] { return gate_.counts().open == 0; }));
}

TEST_F(FaultGate, DelayAddsItsTimeInEachDirectionToEveryByte) {
  auto stream = connect();
  ASSERT_TRUE(trip(*stream));
  gate_.set({.mode = Mode::kDelay, .ms = 100});
  const auto took = trip(*stream);
  ASSERT_TRUE(took);
  EXPECT_GE(took->count(), 200);
  EXPECT_LT(took->count(), 400);
  // A long message is late once, not once per piece.
  EXPECT_LT(trip(*stream, std::string(200'000, 'x'))->count(), 600);
}

TEST_F(FaultGate, DropHoldsEverythingUntilItPassesAgain) {
  auto stream = connect();
  ASSERT_TRUE(trip(*stream));
  gate_.set({.mode = Mode::kDrop});
  const auto written = run_task(worker_, stream->write_all("held", in(1s)));
  ASSERT_TRUE(written);
  // The read that ends at its deadline closes our stream, so another one asks.
  auto late = connect();
  EXPECT_EQ(trip(*late, "hello", 300ms).error().code, Code::kUpstreamTimeout);
  gate_.set({});
  const auto read = run_task(worker_, read_one(*stream, 2s));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, 4u);
}

TEST_F(FaultGate, ResetEndsOpenAndNewConnections) {
  auto stream = connect();
  ASSERT_TRUE(trip(*stream));
  gate_.set({.mode = Mode::kReset});
  EXPECT_EQ(run_task(worker_, read_one(*stream, 2s)).error().code, Code::kConnectionFailed);
  auto fresh = connect();
  EXPECT_EQ(run_task(worker_, read_one(*fresh, 2s)).error().code, Code::kConnectionFailed);
  gate_.set({});
  auto healed = connect();
  EXPECT_TRUE(trip(*healed));
}

TEST_F(FaultGate, HalfOpenSwallowsAndIsResetWhenItHeals) {
  auto stream = connect();
  ASSERT_TRUE(trip(*stream));
  gate_.set({.mode = Mode::kHalfOpen});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(run_task(worker_, stream->write_all("into nothing", in(1s))));
  EXPECT_TRUE(stream->is_open());
  EXPECT_EQ(gate_.counts().bytes_up, 5u);
  gate_.set({});
  EXPECT_EQ(run_task(worker_, read_one(*stream, 2s)).error().code, Code::kConnectionFailed);
  auto healed = connect();
  EXPECT_TRUE(trip(*healed));
}

TEST_F(FaultGate, TrickleIsAsSlowAsItSays) {
  auto stream = connect();
  ASSERT_TRUE(trip(*stream));
  gate_.set({.mode = Mode::kTrickle, .bytes_per_s = 50});
  const auto took = trip(*stream, "0123456789");
  ASSERT_TRUE(took);
  EXPECT_GE(took->count(), 200);  // ten bytes at 50 a second; the echo's run behind
  EXPECT_LT(took->count(), 1'500);
}

TEST_F(FaultGate, ATargetThatIsNotThereIsAReset) {
  listener_.close();
  auto stream = connect();
  EXPECT_EQ(run_task(worker_, read_one(*stream, 2s)).error().code, Code::kConnectionFailed);
}

TEST(FaultText, IsReadStrictly) {
  EXPECT_EQ(*read_fault(R"({"mode":"pass"})"), Fault{});
  EXPECT_EQ(*read_fault(R"({"mode":"delay","ms":300})"), (Fault{.mode = Mode::kDelay, .ms = 300}));
  EXPECT_EQ(*read_fault(R"({"mode":"trickle","bytesPerS":10})"), (Fault{.mode = Mode::kTrickle, .bytes_per_s = 10}));
  EXPECT_EQ(*read_fault(R"({"mode":"halfOpen"})"), (Fault{.mode = Mode::kHalfOpen}));
  for (const char* wrong : {"", "{}", R"({"mode":"explode"})", R"({"mode":"delay"})", R"({"mode":"delay","ms":0})",
                            R"({"mode":"pass","ms":5})", R"({"mode":"trickle"})"})
    EXPECT_FALSE(read_fault(wrong)) << wrong;
}

}  // namespace
}  // namespace evc::fault_gate
