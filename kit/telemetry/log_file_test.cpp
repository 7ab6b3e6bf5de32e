#include "kit/telemetry/log_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace evc::telemetry {
namespace {

namespace fs = std::filesystem;

class LogFileTest : public ::testing::Test {
 protected:
  LogFileTest() : folder_(fs::temp_directory_path() / ("log_file_test." + std::to_string(getpid()))) {
    fs::create_directory(folder_);
    path_ = folder_ / "service.log";
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
  }
  ~LogFileTest() override {
    close(descriptor_);
    fs::remove_all(folder_);
  }
  void write_line(LogFile& file, const std::string& line) const {
    ASSERT_EQ(write(descriptor_, line.data(), line.size()), static_cast<ssize_t>(line.size()));
    file.wrote(line.size());
  }
  std::string content(const std::string& suffix = "") const {
    std::ostringstream text;
    text << std::ifstream(path_.string() + suffix).rdbuf();
    return text.str();
  }

  fs::path folder_, path_;
  int descriptor_ = -1;
};

TEST_F(LogFileTest, AFullFileMakesRoomAndTheOldestGoes) {
  LogFile file({.path = path_, .max_bytes = 10, .kept = 2, .descriptors = {descriptor_}});
  for (const char* line :
       {"one 4567\n", "two 4567\n", "three 67\n", "four 567\n", "five 567\n", "six 4567\n", "seven\n"})
    write_line(file, line);
  EXPECT_EQ(content(), "seven\n");
  EXPECT_EQ(content(".1"), "five 567\nsix 4567\n");
  EXPECT_EQ(content(".2"), "three 67\nfour 567\n");
  EXPECT_FALSE(fs::exists(path_.string() + ".3"));
}

TEST_F(LogFileTest, WhatWasThereBeforeCounts) {
  ASSERT_EQ(write(descriptor_, "of an earlier process\n", 22), 22);
  LogFile file({.path = path_, .max_bytes = 25, .kept = 1, .descriptors = {descriptor_}});
  write_line(file, "one\n");
  EXPECT_EQ(content(".1"), "of an earlier process\none\n");
}

TEST_F(LogFileTest, WithoutAFolderTheOldFileGoesOn) {
  LogFile file({.path = folder_ / "gone" / "service.log", .max_bytes = 1, .kept = 1, .descriptors = {descriptor_}});
  write_line(file, "one\n");
  write_line(file, "two\n");
  EXPECT_EQ(content(), "one\ntwo\n");
}

}  // namespace
}  // namespace evc::telemetry
