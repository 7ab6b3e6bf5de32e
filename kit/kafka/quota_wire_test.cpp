#include "kit/kafka/quota_wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evc::kafka {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(QuotaWire, AllQuotasAreAskedFor) {
  EXPECT_EQ(describe_quotas_request("me"),
            "\0\0\0\x11"  // length
            "\0\x30\0\0"  // request 48, version 0
            "\0\0\0\1\0\2me"
            "\0\0\0\0\0"s);
}

TEST(QuotaWire, AQuotaOfUserAndClientIsSet) {
  const auto request = alter_quotas_request("me", {{"integrations", "relay", "producer_byte_rate", 2.0}});
  EXPECT_EQ(request,
            "\0\0\0\x5c"
            "\0\x31\0\0\0\0\0\1\0\2me"
            "\0\0\0\1"
            "\0\0\0\2\0\4user\0\x0cintegrations\0\x09"
            "client-id\0\5relay"
            "\0\0\0\1\0\x12producer_byte_rate\x40\0\0\0\0\0\0\0\0"
            "\0"s);
}

TEST(QuotaWire, EachEntityGoesOnceAndADefaultIsNull) {
  const auto request = alter_quotas_request(
      "", {{"<default>", "", "producer_byte_rate", 1.0}, {"<default>", "", "request_percentage", std::nullopt}});
  const auto entity = "\0\0\0\1\0\0\0\1\0\4user\xff\xff\0\0\0\2"s;
  EXPECT_NE(request.find(entity), std::string::npos);
  EXPECT_EQ(request.substr(request.size() - 10), "\0\0\0\0\0\0\0\0\1\0"s) << "the second one is removed";
}

// An answer with one quota on user and client, one on a client, one on an address.
const std::string kAnswer =
    "\0\0\0\1\0\0\0\0\0\0\xff\xff\0\0\0\3"
    "\0\0\0\2\0\4user\0\1u\0\x09"
    "client-id\0\1c\0\0\0\1\0\1r\x40\0\0\0\0\0\0\0"
    "\0\0\0\1\0\x09"
    "client-id\xff\xff\0\0\0\1\0\1r\x3f\xf0\0\0\0\0\0\0"
    "\0\0\0\1\0\2ip\0\1i\0\0\0\1\0\1r\x3f\xf0\0\0\0\0\0\0"s;

TEST(QuotaWire, AnAnswerIsReadAndAddressesAreLeftOut) {
  const auto quotas = parse_described_quotas(kAnswer);
  ASSERT_TRUE(quotas) << quotas.error().detail;
  EXPECT_THAT(*quotas, ElementsAre(Quota{"", "<default>", "r", 1.0}, Quota{"u", "c", "r", 2.0}));
  const auto none = parse_described_quotas("\0\0\0\1\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff"s);
  ASSERT_TRUE(none);
  EXPECT_THAT(*none, IsEmpty());
}

TEST(QuotaWire, ACutAnswerIsRefusedWhereverItIsCut) {
  for (std::size_t size = 0; size < kAnswer.size(); ++size) {
    const auto cut = parse_described_quotas(std::string_view(kAnswer).substr(0, size));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, Code::kProtocolError) << size;
  }
}

TEST(QuotaWire, RefusalsAreTold) {
  const auto refused = parse_described_quotas("\0\0\0\1\0\0\0\0\0\x1f\xff\xff\0\0\0\0"s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kForbidden);
  const auto invalid = parse_altered_quotas("\0\0\0\1\0\0\0\0\0\0\0\1\0\x2a\0\2no\0\0\0\0"s);
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().code, Code::kConflict);
  EXPECT_THAT(invalid.error().detail, HasSubstr("42: no"));
  EXPECT_TRUE(parse_altered_quotas("\0\0\0\1\0\0\0\0\0\0\0\1\0\0\xff\xff\0\0\0\0"s));
}

}  // namespace
}  // namespace evc::kafka
