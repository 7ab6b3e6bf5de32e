#include "kit/postgres/migrations.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "kit/base/bytes.hpp"
#include "kit/postgres/testing/test_database.hpp"

namespace evc::postgres {
namespace {

class MigrationsTest : public ::testing::Test {
 protected:
  MigrationsTest()
      : folder_(std::filesystem::temp_directory_path() / ("evc-" + hex_encode(random_bytes(8))) / "migrations") {
    std::filesystem::create_directories(folder_);
  }
  ~MigrationsTest() override { std::filesystem::remove_all(folder_.parent_path()); }
  void write(const std::string& name, const std::string& sql) { std::ofstream(folder_ / name) << sql; }
  int migrate() { return postgres::migrate(database_.conninfo(), folder_.string()); }

  postgres::testing::TestDatabase database_;
  std::filesystem::path folder_;
};

TEST_F(MigrationsTest, FilesAreAppliedOnceInOrder) {
  write("0002_rows.sql", "INSERT INTO t VALUES (1);");
  write("0001_table.sql", "CREATE TABLE t (id int);");
  EXPECT_EQ(migrate(), 2);
  EXPECT_EQ(migrate(), 0);
  write("0003_more.sql", "INSERT INTO t VALUES (2);");
  EXPECT_EQ(migrate(), 1);
  EXPECT_EQ(database_.value("SELECT count(*) FROM t"), "2");
}

TEST_F(MigrationsTest, AFailingFileLeavesNothing) {
  write("0001_broken.sql", "CREATE TABLE t (id int); INSERT INTO nowhere VALUES (1);");
  EXPECT_THROW(migrate(), std::runtime_error);
  EXPECT_EQ(database_.value("SELECT count(*) FROM pg_tables WHERE tablename = 't'"), "0");
}

TEST_F(MigrationsTest, AFileThatWasChangedEndsTheStart) {
  write("0001_table.sql", "CREATE TABLE t (id int);");
  migrate();
  write("0001_table.sql", "CREATE TABLE t (id bigint);");
  EXPECT_THROW(migrate(), std::runtime_error);
}

TEST_F(MigrationsTest, NamesWithoutANumberOrWithATwinAreRefused) {
  write("table.sql", "SELECT 1");
  EXPECT_THROW(migrate(), std::runtime_error);
  std::filesystem::remove(folder_ / "table.sql");
  write("0001_a.sql", "SELECT 1");
  write("0001_b.sql", "SELECT 1");
  EXPECT_THROW(migrate(), std::runtime_error);
}

TEST_F(MigrationsTest, InstancesThatStartTogetherApplyItOnce) {
  write("0001_slow.sql", "CREATE TABLE t (id int); SELECT pg_sleep(0.2);");
  std::atomic<int> applied = 0;
  {
    std::vector<std::jthread> instances;
    for (int i = 0; i < 4; ++i) instances.emplace_back([&] { applied += migrate(); });
  }
  EXPECT_EQ(applied, 1);
}

}  // namespace
}  // namespace evc::postgres
