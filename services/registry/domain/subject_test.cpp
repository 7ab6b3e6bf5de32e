#include "services/registry/domain/subject.hpp"

#include <gtest/gtest.h>

namespace evc::registry_service {
namespace {

TEST(Subject, IsTopicAndType) {
  const auto subject = parse_subject("charging.events-ChargingSessionEnded");
  ASSERT_TRUE(subject);
  EXPECT_EQ(subject->topic, "charging.events");
  EXPECT_EQ(subject->type, "ChargingSessionEnded");
  EXPECT_EQ(subject->name(), "charging.events-ChargingSessionEnded");
  EXPECT_EQ(reference_of(*subject, 2), "urn:evcosta:schema:charging.events-ChargingSessionEnded:2");
}

TEST(Subject, AnythingElseIsNotFound) {
  for (const char* text : {"", "-", "charging.events", "charging.events-", "-Ended", "Charging-Ended", "charging-ended",
                           "charging-Ended-Again", "charging events-Ended", "charging-Ended/../x", "charging-Ended1"}) {
    const auto subject = parse_subject(text);
    ASSERT_FALSE(subject) << text;
    EXPECT_EQ(subject.error().code, Code::kNotFound) << text;
  }
  EXPECT_FALSE(parse_subject(std::string(64, 'a') + "-Ended"));
  EXPECT_FALSE(parse_subject("charging-E" + std::string(63, 'n')));
}

TEST(Version, CountsFromOne) {
  EXPECT_EQ(parse_version("1").value(), 1U);
  EXPECT_EQ(parse_version("9999").value(), 9999U);
  for (const char* text : {"", "0", "01", "-1", "1.0", "latest", "10000", "4294967297", "1 "}) {
    const auto version = parse_version(text);
    ASSERT_FALSE(version) << text;
    EXPECT_EQ(version.error().code, Code::kNotFound) << text;
  }
}

TEST(Register, TheProducerOfTheTopicAlone) {
  const Subject ended{.topic = "charging.events", .type = "ChargingSessionEnded"};
  EXPECT_TRUE(may_register("charging", ended));
  for (const char* peer : {"payment", "integrations", "relay-charging", "platform-admin", "gateway", ""})
    EXPECT_FALSE(may_register(peer, ended)) << peer;
  EXPECT_TRUE(may_register("payment", {.topic = "payment.events", .type = "ANewType"})) << "newer than this program";
  EXPECT_FALSE(may_register("charging", {.topic = "charging.events.payment.dlq", .type = "X"})) << "no topic of events";
  EXPECT_FALSE(may_register("", {.topic = "nobodys.events", .type = "X"}));
}

}  // namespace
}  // namespace evc::registry_service
