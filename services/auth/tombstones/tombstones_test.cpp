#include "services/auth/tombstones/tombstones.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include "kit/testing/temporary_folder.hpp"

namespace evc::auth_service {
namespace {

using Accounts = std::vector<Uuid>;

class TombstonesTest : public ::testing::Test {
 protected:
  void append(const Uuid& id) { ASSERT_TRUE(stones_.append(id, WallTime{})); }
  Accounts all() { return stones_.read(0, 1000).value().accounts; }

  evc::testing::TemporaryFolder folder_;
  std::string file_ = folder_.path("erasures/tombstones");
  Tombstones stones_{file_};
  Uuid ana_ = uuid_v7(), bia_ = uuid_v7(), caio_ = uuid_v7();
};

TEST_F(TombstonesTest, ReadsWhatWasWrittenInItsOrderAndNobodyElseMayReadIt) {
  EXPECT_TRUE(all().empty());
  append(ana_);
  append(bia_);
  EXPECT_EQ(all(), (Accounts{ana_, bia_}));
  struct stat about{};
  ASSERT_EQ(::stat(file_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(TombstonesTest, IsReadInParts) {
  for (const Uuid& id : {ana_, bia_, caio_}) append(id);
  const auto first = stones_.read(0, 2).value();
  EXPECT_EQ(first.accounts, (Accounts{ana_, bia_}));
  const auto second = stones_.read(first.next, 2).value();
  EXPECT_EQ(second.accounts, Accounts{caio_});
  const auto last = stones_.read(second.next, 2).value();
  EXPECT_TRUE(last.accounts.empty());
  EXPECT_EQ(last.next, second.next);
}

TEST_F(TombstonesTest, ALineThatACrashToreIsNotThereAndSpoilsNoOther) {
  append(ana_);
  const std::string whole = folder_.read("erasures/tombstones");
  folder_.write("erasures/tombstones", whole + whole.substr(0, whole.size() / 2));
  EXPECT_EQ(all(), Accounts{ana_});
  EXPECT_EQ(stones_.read(0, 10).value().unreadable, 0U) << "nobody can tell yet that it will never be whole";
  append(bia_);
  EXPECT_EQ(all(), (Accounts{ana_, bia_}));
  EXPECT_EQ(stones_.read(0, 10).value().unreadable, 1U);
}

TEST_F(TombstonesTest, ALineThatWasChangedIsCountedAndErasesNobody) {
  append(ana_);
  std::string text = folder_.read("erasures/tombstones");
  text[0] = text[0] == 'f' ? 'e' : 'f';
  folder_.write("erasures/tombstones", text);
  append(bia_);
  const auto part = stones_.read(0, 10).value();
  EXPECT_EQ(part.accounts, Accounts{bia_});
  EXPECT_EQ(part.unreadable, 1U);
}

TEST_F(TombstonesTest, WhatCannotBeWrittenIsSaid) {
  const Tombstones nowhere("/proc/erasures/tombstones");
  EXPECT_EQ(nowhere.append(ana_, WallTime{}).error().code, Code::kServiceUnavailable);
}

}  // namespace
}  // namespace evc::auth_service
