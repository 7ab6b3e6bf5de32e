#include "kit/service/dependencies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kit/base/bytes.hpp"
#include "kit/service/start_error.hpp"

namespace evc::service {
namespace {

using ::testing::HasSubstr;

class DependenciesTest : public ::testing::Test {
 protected:
  DependenciesTest() { std::filesystem::create_directories(folder_); }
  ~DependenciesTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("evc-secrets-" + hex_encode(random_bytes(8)));
  CommonSettings settings_{.service = {.name = "charging", .instance = "charging-1"},
                           .tls = {.dir = "run/tls"},
                           .postgres = {.host = "localhost", .port = 5432, .user = "charging"},
                           .secrets = {.dir = folder_.string()}};
};

TEST_F(DependenciesTest, PostgresOverTcpUsesTheServicesCertificate) {
  settings_.postgres.user = "o'hara\\x";
  const std::string text = postgres_conninfo(settings_, "charging");
  EXPECT_THAT(
      text,
      HasSubstr("host='localhost' port=5432 dbname='charging' user='o\\'hara\\\\x' application_name='charging-1'"));
  EXPECT_THAT(text, HasSubstr("sslmode=verify-full sslrootcert='run/tls/ca.pem' sslcert='run/tls/charging.crt' "
                              "sslkey='run/tls/charging.key'"));
}

TEST_F(DependenciesTest, AUnixSocketNeedsNoTls) {
  settings_.postgres.host = "/run/postgresql";
  EXPECT_THAT(postgres_conninfo(settings_, "charging"), Not(HasSubstr("ssl")));
}

TEST_F(DependenciesTest, SecretsAreTrimmedAndMissingOnesEndTheStart) {
  std::ofstream(folder_ / "redis-charging") << "  pass word\n";
  std::ofstream(folder_ / "empty") << "\n";
  EXPECT_EQ(read_secret(settings_, "redis-charging").reveal(), "pass word");
  for (const char* missing : {"empty", "none"}) {
    try {
      read_secret(settings_, missing);
      ADD_FAILURE();
    } catch (const StartError& error) {
      EXPECT_EQ(error.code(), ExitCode::kSettings);
      EXPECT_THAT(error.what(), HasSubstr(missing));
    }
  }
}

TEST_F(DependenciesTest, SharedFolders) {
  std::filesystem::create_directories(folder_ / "services/x/migrations");
  ASSERT_EQ(setenv("EVC_SHARE_DIR", folder_.c_str(), 1), 0);
  EXPECT_EQ(find_shared_folder("services/x/migrations"), (folder_ / "services/x/migrations").string());
  EXPECT_THROW(find_shared_folder("services/none/migrations"), StartError);
  unsetenv("EVC_SHARE_DIR");
}

}  // namespace
}  // namespace evc::service
