#include "services/user/domain/erasure.hpp"

#include <gtest/gtest.h>

#include <set>

namespace evc::user {
namespace {

using namespace std::chrono_literals;

TEST(Erasure, IsToldInThreeWords) {
  for (const auto state :
       {ErasureState::kRequested, ErasureState::kFrozen, ErasureState::kDecided, ErasureState::kDestroyed})
    EXPECT_EQ(told(state), "running");
  EXPECT_EQ(told(ErasureState::kDone), "done");
  EXPECT_EQ(told(ErasureState::kRefused), "refused");
}

TEST(Erasure, ARefusalNamesWhatIsOpen) {
  EXPECT_EQ(refusal(OpenPart::kChargeOpen).code, Code::kConflict);
  EXPECT_EQ(refusal(OpenPart::kChargeOpen).fields.at(0).pointer, "/chargingSessions");
  EXPECT_EQ(refusal(OpenPart::kPaymentOpen).fields.at(0).pointer, "/payments");
}

TEST(Erasure, AStepThatFailsIsTriedAgainForEverAndNeverRarely) {
  EXPECT_EQ(pause_after(0), 100ms);
  EXPECT_EQ(pause_after(1), 100ms);
  EXPECT_EQ(pause_after(2), 200ms);
  EXPECT_EQ(pause_after(1'000'000), 5s);
}

TEST(Erasure, AnIdIsNotToBeGuessed) {
  std::set<Uuid> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(new_erasure_id());
  EXPECT_EQ(ids.size(), 1000U);
}

}  // namespace
}  // namespace evc::user
