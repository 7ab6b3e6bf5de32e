#include "simulators/payment_provider/behaviour.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace evc::payment_provider {
namespace {

constexpr Step kSteps[]{Step::kAuthorise, Step::kCapture, Step::kVoid, Step::kIncrement, Step::kRefund};

TEST(Behaviour, ATokenMeansTheSameAtEveryStep) {
  for (const Step step : kSteps) {
    EXPECT_EQ(behaviour_of("", step), Behaviour::kApproved);
    EXPECT_EQ(behaviour_of("flapping", step), Behaviour::kFlapping);
    for (const char* unknown : {"no-such", "seed:", "seed:x", "seed:-1", "seed:1x", "seeds:1"})
      EXPECT_EQ(behaviour_of(unknown, step), Behaviour::kDeclined) << unknown;
  }
}

TEST(Behaviour, ASeedIsAMixtureThatCanBeReplayed) {
  std::map<Step, std::set<Behaviour>> seen;
  int as_it_should_be = 0;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    const std::string token = "seed:" + std::to_string(seed);
    for (const Step step : kSteps) {
      const Behaviour behaviour = behaviour_of(token, step);
      ASSERT_EQ(behaviour_of(token, step), behaviour);
      seen[step].insert(behaviour);
      as_it_should_be += behaviour == Behaviour::kApproved;
    }
  }
  EXPECT_EQ(seen[Step::kAuthorise].size(), 12U);
  EXPECT_EQ(seen[Step::kCapture].size(), 6U);
  EXPECT_GT(as_it_should_be, 2'000);
  EXPECT_LT(as_it_should_be, 6'000);
}

TEST(Behaviour, TheHoldsOfARunFollowFromItsSeed) {
  std::set<std::string> tokens;
  for (std::uint64_t count = 0; count < 1'000; ++count) {
    const std::string token = drawn_token(7, count);
    EXPECT_EQ(drawn_token(7, count), token);
    EXPECT_LE(token.size(), 64U);
    tokens.insert(token);
  }
  EXPECT_EQ(tokens.size(), 1'000U);
  EXPECT_NE(drawn_token(7, 0), drawn_token(8, 0));
}

}  // namespace
}  // namespace evc::payment_provider
