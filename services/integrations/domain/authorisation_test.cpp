#include "services/integrations/domain/authorisation.hpp"

#include <gtest/gtest.h>

namespace evc::integrations {
namespace {

TEST(Authorisation, ATagIsGoodForItsSessionAtItsStationOnce) {
  EXPECT_EQ(authorise(std::nullopt, "S1"), TagStatus::kInvalid);
  EXPECT_EQ(authorise(TagHolder{.station_id = "S1"}, "S1"), TagStatus::kAccepted);
  EXPECT_EQ(authorise(TagHolder{.station_id = "S2"}, "S1"), TagStatus::kInvalid);
  EXPECT_EQ(authorise(TagHolder{.station_id = "S1", .is_closed = true}, "S1"), TagStatus::kExpired);
  EXPECT_EQ(authorise(TagHolder{.station_id = "S1", .is_used = true}, "S1"), TagStatus::kConcurrentTx);
}

}  // namespace
}  // namespace evc::integrations
