#include "kit/testing/crash_points/crash_table.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace evc::testing {
namespace {

const std::vector<std::string> kNames{"test.one", "test.two"};

class CrashTableTest : public ::testing::Test {
 protected:
  ~CrashTableTest() override { std::filesystem::remove(path_); }

  // What becomes of a process that reaches this: true when it was killed.
  bool dies_at(const std::string& name, CrashSide side) {
    const pid_t child = ::fork();
    if (child == 0) {
      CrashTable(path_, kNames).reach(crash_point_id(name.c_str()), side);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  std::string path_ = std::filesystem::temp_directory_path() / ("crash-table-test-" + std::to_string(::getpid()));
};

TEST_F(CrashTableTest, WithoutAnOrderNobodyDiesAndEverybodyCounts) {
  EXPECT_FALSE(dies_at("test.one", CrashSide::kBefore));
  EXPECT_FALSE(dies_at("test.one", CrashSide::kBefore));
  EXPECT_FALSE(dies_at("test.one", CrashSide::kAfter));
  const CrashTable table(path_);
  EXPECT_EQ(table.reached("test.one", CrashSide::kBefore), 2U);
  EXPECT_EQ(table.reached("test.one", CrashSide::kAfter), 1U);
  EXPECT_EQ(table.reached("test.two", CrashSide::kBefore), 0U);
}

TEST_F(CrashTableTest, AnOrderKillsOneAtThatSideOfThatStep) {
  CrashTable table(path_, kNames);
  table.order("test.two", CrashSide::kAfter);
  EXPECT_FALSE(dies_at("test.one", CrashSide::kAfter));
  EXPECT_FALSE(dies_at("test.two", CrashSide::kBefore));
  EXPECT_TRUE(dies_at("test.two", CrashSide::kAfter));
  EXPECT_FALSE(dies_at("test.two", CrashSide::kAfter));
  EXPECT_EQ(table.died("test.two", CrashSide::kAfter), 1U);
  EXPECT_EQ(table.ordered("test.two", CrashSide::kAfter), 0U);
  EXPECT_EQ(table.reached("test.two", CrashSide::kAfter), 2U);
}

TEST_F(CrashTableTest, BeforeTheProgramHasMadeItItHasNoRows) {
  EXPECT_TRUE(CrashTable(path_).names().empty());
  {
    const std::ofstream empty(path_);
  }
  EXPECT_TRUE(CrashTable(path_).names().empty());
  const CrashTable made(path_, kNames);
  EXPECT_EQ(CrashTable(path_).names(), kNames);
}

TEST_F(CrashTableTest, ATableOfOtherStepsIsRefused) {
  const CrashTable made(path_, kNames);
  EXPECT_DEATH(CrashTable(path_, {"test.one"}), "assertion failed");
  EXPECT_DEATH(CrashTable(path_, {"test.one", "test.three"}), "assertion failed");
}

}  // namespace
}  // namespace evc::testing
