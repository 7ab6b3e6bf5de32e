#include "kit/service/arguments.hpp"

#include <gtest/gtest.h>

#include "kit/service/start_error.hpp"

namespace evc::service {
namespace {

TEST(Arguments, Forms) {
  EXPECT_EQ(parse_arguments({"--config", "a.yaml"}).config_file, "a.yaml");
  EXPECT_EQ(parse_arguments({"--config=b.yaml"}).config_file, "b.yaml");
  EXPECT_EQ(parse_arguments({"--version"}).action, Arguments::Action::kVersion);
  EXPECT_EQ(parse_arguments({"--help"}).action, Arguments::Action::kHelp);
}

TEST(Arguments, MistakesAreUsageErrors) {
  for (const std::vector<std::string>& bad : {std::vector<std::string>{}, {"--config"}, {"--confg", "a"}, {"a.yaml"}}) {
    try {
      parse_arguments(bad);
      ADD_FAILURE();
    } catch (const StartError& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage);
    }
  }
}

}  // namespace
}  // namespace evc::service
