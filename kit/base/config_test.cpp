#include "kit/base/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "kit/base/bytes.hpp"

namespace evc {
namespace {

struct Listen {
  std::string host = "127.0.0.1";
  int port = 0;
  void check(SettingLimits& limits) const {
    limits.not_empty("host", host);
    limits.range("port", port, 0, 65535);
  }
};
BOOST_DESCRIBE_STRUCT(Listen, (), (host, port))

struct Settings {
  Listen listen;
  std::string name;
  double ratio = 0.5;
  bool enabled = true;
  std::vector<std::string> hosts;
  std::map<std::string, std::string> peers;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (listen, name, ratio, enabled, hosts, peers))

class SettingsFile {
 public:
  explicit SettingsFile(std::string_view text)
      : path_(std::filesystem::temp_directory_path() / ("evc-config-" + hex_encode(random_bytes(8)) + ".yaml")) {
    std::ofstream(path_) << text;
  }
  ~SettingsFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

Settings load(std::string_view yaml, const std::map<std::string, std::string>& environment = {}) {
  const SettingsFile file(yaml);
  return settings_as<Settings>(load_settings(file.path(), environment));
}

std::string failure(std::string_view yaml, const std::map<std::string, std::string>& environment = {}) {
  try {
    load(yaml, environment);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

constexpr std::string_view kFile = R"(
listen: { host: localhost, port: 8443 }
name: "0123"      # quoted: stays text
ratio: 2
enabled: false
hosts: [a, b]
peers: { auth: "localhost:8450", payment-provider: x }
)";

TEST(Config, ScalarsAreTyped) {
  const Settings settings = load(kFile);
  EXPECT_EQ(settings.listen.port, 8443);
  EXPECT_EQ(settings.name, "0123");
  EXPECT_EQ(settings.ratio, 2.0);
  EXPECT_FALSE(settings.enabled);
  EXPECT_THAT(settings.hosts, testing::ElementsAre("a", "b"));
  EXPECT_EQ(settings.peers.at("auth"), "localhost:8450");
}

TEST(Config, TheEnvironmentOverridesWithTheFilesType) {
  const Settings settings = load(kFile, {{"EVC_LISTEN_PORT", "9000"},
                                         {"EVC_NAME", "42"},
                                         {"EVC_RATIO", "0.25"},
                                         {"EVC_ENABLED", "true"},
                                         {"EVC_HOSTS", "x,y,z"},
                                         {"EVC_PEERS_AUTH", "localhost:1,localhost:2"},
                                         {"EVC_PEERS_PAYMENT_PROVIDER", "y"},
                                         {"EVC_OTHER_PROGRAM", "ignored"},
                                         {"LISTEN_PORT", "1"}});
  EXPECT_EQ(settings.listen.port, 9000);
  EXPECT_EQ(settings.listen.host, "localhost");
  EXPECT_EQ(settings.name, "42");
  EXPECT_EQ(settings.ratio, 0.25);
  EXPECT_TRUE(settings.enabled);
  EXPECT_THAT(settings.hosts, testing::ElementsAre("x", "y", "z"));
  EXPECT_EQ(settings.peers.at("auth"), "localhost:1,localhost:2");
  EXPECT_EQ(settings.peers.at("payment-provider"), "y");
}

TEST(Config, AbsentKeysKeepTheirDefaults) {
  const Settings settings = load("name: x");
  EXPECT_EQ(settings.ratio, 0.5);
  EXPECT_EQ(settings.listen.host, "127.0.0.1");
  EXPECT_EQ(load("").name, "");
}

TEST(Config, SaysPlainlyWhatIsWrong) {
  EXPECT_EQ(failure("listen: { port: many }\nratoi: 1"), "listen.port must be an integer; ratoi is not known here");
  EXPECT_EQ(failure("listen: { port: 70000, host: \"\" }"),
            "listen.host must not be empty; listen.port must be from 0 to 65535");
  EXPECT_EQ(failure(kFile, {{"EVC_LISTEN_PORT", "http"}}), "EVC_LISTEN_PORT: must be a number");
  EXPECT_EQ(failure(kFile, {{"EVC_LISTEN_PORT", "1.5"}}), "listen.port must be an integer");
  EXPECT_EQ(failure(kFile, {{"EVC_ENABLED", "maybe"}}), "EVC_ENABLED: must be true or false");
  EXPECT_THAT(failure("a: 1\nb: [1"), testing::HasSubstr("line 2"));
  EXPECT_THAT(failure("name: a\nname: b"), testing::HasSubstr("name: stands twice"));
  EXPECT_THAT(failure("- a"), testing::HasSubstr("must hold a map"));
  EXPECT_THROW(load_settings("/nonexistent/evc.yaml", {}), std::runtime_error);
}

TEST(Config, ASectionIsNamedInItsErrors) {
  try {
    settings_as<Listen>(json::Object{{"port", 70'000}, {"host", "x"}}, "listen");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "listen.port must be from 0 to 65535");
  }
}

TEST(Config, EnvironmentVariables) {
  ASSERT_EQ(setenv("EVC_CONFIG_TEST", "a=b", 1), 0);
  EXPECT_EQ(environment_variables().at("EVC_CONFIG_TEST"), "a=b");
}

}  // namespace
}  // namespace evc
