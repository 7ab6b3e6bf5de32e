#include "kit/service/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kit/base/bytes.hpp"

namespace evc::service {
namespace {

using ::testing::HasSubstr;

class SettingsTest : public ::testing::Test {
 protected:
  ~SettingsTest() override { std::filesystem::remove(file_); }
  Settings read(std::string_view yaml, const std::map<std::string, std::string>& environment = {}) {
    std::ofstream(file_) << yaml;
    return read_settings(file_, environment, "charging", {"saga"});
  }
  std::string failure(std::string_view yaml, const std::map<std::string, std::string>& environment = {}) {
    try {
      read(yaml, environment);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "accepted";
  }
  std::string file_ =
      (std::filesystem::temp_directory_path() / ("evc-settings-" + hex_encode(random_bytes(8)) + ".yaml")).string();
};

TEST_F(SettingsTest, NamesFollowTheService) {
  const auto common = read("").common;
  EXPECT_EQ(common.service.name, "charging");
  EXPECT_EQ(common.service.instance, "charging-1");
  EXPECT_EQ(common.postgres.database, "charging");
  EXPECT_EQ(common.redis.user, "charging");
  const auto relay = read("service: { name: relay-payment }\npostgres: { user: payment_relay }").common;
  EXPECT_EQ(relay.service.instance, "relay-payment-1");
  EXPECT_EQ(relay.postgres.user, "payment_relay");
}

TEST_F(SettingsTest, TheEnvironmentReachesKeysThatTheFileLeavesOut) {
  const auto common = read("peers: { auth: \"localhost:1\" }", {{"EVC_LISTEN_PORT", "9001"},
                                                                {"EVC_POSTGRES_HOST", "db"},
                                                                {"EVC_OTLP_ENDPOINT", "http://localhost:8474"},
                                                                {"EVC_LOG_LEVEL", "debug"},
                                                                {"EVC_WORKERS", "3"},
                                                                {"EVC_PEERS_AUTH", "localhost:2"}})
                          .common;
  EXPECT_EQ(common.listen.port, 9001);
  EXPECT_EQ(common.postgres.host, "db");
  EXPECT_EQ(common.otlp.endpoint, "http://localhost:8474");
  EXPECT_EQ(telemetry_level(common.log.level), telemetry::Level::kDebug);
  EXPECT_EQ(common.workers, 3);
  EXPECT_EQ(common.peers.at("auth"), "localhost:2");
}

TEST_F(SettingsTest, SaysWhereAndWhy) {
  EXPECT_THAT(failure("listen: { port: 99999 }"), HasSubstr(file_ + ": listen.port must be from 0 to 65535"));
  EXPECT_THAT(failure("sagas: {}"), HasSubstr("sagas is not known here"));
  EXPECT_THAT(failure("log: { level: loud }"), HasSubstr("log.level must be one of debug, info, warn, error"));
  EXPECT_THAT(failure("drain: { max_ms: 1 }"), HasSubstr("drain.max_ms must be from 500"));
  EXPECT_THAT(failure("", {{"EVC_WORKERS", "many"}}), HasSubstr("EVC_WORKERS"));
}

TEST_F(SettingsTest, OwnSectionsAreKept) {
  const auto settings = read("saga: { patience_ms: 5 }");
  EXPECT_EQ(settings.section("saga").at("patience_ms"), 5);
  EXPECT_TRUE(settings.section("other").empty());
}

TEST_F(SettingsTest, SecretsAreHidden) {
  const std::string text =
      json::serialize(read("saga: { provider_token: abc, nested: { smtp_password: xyz }, patience_ms: 5 }").redacted());
  EXPECT_THAT(text, Not(HasSubstr("abc")));
  EXPECT_THAT(text, Not(HasSubstr("xyz")));
  EXPECT_THAT(text, HasSubstr("\"patience_ms\":5"));
}

TEST(Addresses, Lists) {
  const auto two = parse_addresses("peers.auth", "localhost:8450,10.0.0.2:1");
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].host, "localhost");
  EXPECT_EQ(two[1].port, 1);
  for (const char* bad : {"", "localhost", "localhost:", ":1", "localhost:0", "localhost:70000", "a:1,", "a:1 "}) {
    EXPECT_THROW(parse_addresses("peers.auth", bad), std::runtime_error) << bad;
  }
}

TEST_F(SettingsTest, TheLiveFileIsOverEverythingAndHoldsOnlyWhatMayChange) {
  const std::string live = file_ + ".live";
  const std::string config = "live_file: " + live + "\npeers: { auth: \"localhost:1\", user: \"localhost:2\" }";
  const std::map<std::string, std::string> environment{{"EVC_PEERS_AUTH", "localhost:3"}};
  EXPECT_EQ(read(config, environment).common.peers.at("auth"), "localhost:3") << "there need not be one";
  std::ofstream(live) << "peers: { auth: \"localhost:4,localhost:5\" }\nsaga: { steps: 7 }";
  const Settings settings = read(config, environment);
  EXPECT_EQ(settings.common.peers.at("auth"), "localhost:4,localhost:5");
  EXPECT_EQ(settings.common.peers.at("user"), "localhost:2");
  EXPECT_EQ(settings.section("saga").at("steps").to_number<int>(), 7);
  std::ofstream(live) << "listen: { port: 1 }";
  EXPECT_THAT(failure(config, environment), HasSubstr("/listen cannot change while the process runs"));
  std::filesystem::remove(live);
}

}  // namespace
}  // namespace evc::service
