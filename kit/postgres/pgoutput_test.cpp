#include "kit/postgres/pgoutput.hpp"

#include <gtest/gtest.h>

namespace evc::postgres {
namespace {

std::string be(std::uint64_t value, int width) {
  std::string bytes;
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::string begin() {
  return "B" + be(0x10, 8) + be(0, 8) + be(7, 4);
}
std::string commit(Lsn at, Lsn end, std::uint64_t time = 0) {
  return std::string("C") + '\0' + be(at, 8) + be(end, 8) + be(time, 8);
}
std::string relation(std::uint32_t id, const std::string& name) {
  return "R" + be(id, 4) + "public" + '\0' + name + '\0' + "d" + be(0, 2);
}
std::string text_column(const std::string& text) {
  return "t" + be(text.size(), 4) + text;
}
std::string insert(std::uint32_t id, const std::vector<std::string>& columns) {
  std::string message = "I" + be(id, 4) + "N" + be(columns.size(), 2);
  for (const std::string& column : columns) message += column;
  return message;
}

TEST(Pgoutput, GivesTheRowsOfATransactionAtItsCommit) {
  PgoutputDecoder decoder;
  ASSERT_TRUE(decoder.feed(begin()));
  ASSERT_TRUE(decoder.feed(relation(5, "outbox")));
  ASSERT_TRUE(decoder.feed(insert(5, {text_column("one"), "n", text_column("")})));
  ASSERT_TRUE(decoder.feed(insert(5, {text_column("two")})));
  EXPECT_TRUE(decoder.in_transaction());
  auto step = decoder.feed(commit(0x20, 0x28, 1'000'000));
  ASSERT_TRUE(step && step->batch);
  EXPECT_FALSE(decoder.in_transaction());
  const CommittedBatch& batch = *step->batch;
  EXPECT_EQ(batch.commit_lsn, 0x20U);
  EXPECT_EQ(batch.end_lsn, 0x28U);
  EXPECT_EQ(format_rfc3339(batch.committed_at), "2000-01-01T00:00:01.000Z");
  ASSERT_EQ(batch.rows.size(), 2U);
  EXPECT_EQ(batch.rows[0].relation, "public.outbox");
  EXPECT_EQ(batch.rows[0].columns, (std::vector<std::optional<std::string>>{"one", std::nullopt, ""}));
  EXPECT_EQ(batch.rows[1].columns, (std::vector<std::optional<std::string>>{"two"}));
}

TEST(Pgoutput, KeepsRelationsOverTransactions) {
  PgoutputDecoder decoder;
  ASSERT_TRUE(decoder.feed(begin()));
  ASSERT_TRUE(decoder.feed(relation(5, "outbox")));
  ASSERT_TRUE(decoder.feed(commit(1, 2)));
  ASSERT_TRUE(decoder.feed(begin()));
  ASSERT_TRUE(decoder.feed(insert(5, {"n"})));
  auto step = decoder.feed(commit(3, 4));
  ASSERT_TRUE(step && step->batch);
  EXPECT_EQ(step->batch->rows.size(), 1U);
}

TEST(Pgoutput, PassesOverWhatIsNoInsert) {
  PgoutputDecoder decoder;
  ASSERT_TRUE(decoder.feed(begin()));
  for (const char* other : {"U", "D", "T", "Y", "O", "M"}) EXPECT_TRUE(decoder.feed(other)) << other;
  auto step = decoder.feed(commit(1, 2));
  ASSERT_TRUE(step && step->batch);
  EXPECT_TRUE(step->batch->rows.empty());
}

TEST(Pgoutput, RefusesEveryMessageThatIsCutShort) {
  const std::string whole = insert(5, {text_column("abc"), "n"});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    PgoutputDecoder decoder;
    ASSERT_TRUE(decoder.feed(begin()));
    ASSERT_TRUE(decoder.feed(relation(5, "outbox")));
    auto step = decoder.feed(std::string_view(whole).substr(0, length));
    ASSERT_FALSE(step) << length;
    EXPECT_EQ(step.error().code, Code::kProtocolError);
  }
}

TEST(Pgoutput, RefusesWhatComesOutOfOrder) {
  PgoutputDecoder decoder;
  EXPECT_FALSE(decoder.feed(commit(1, 2)));
  EXPECT_FALSE(decoder.feed(insert(5, {"n"})));
  ASSERT_TRUE(decoder.feed(begin()));
  EXPECT_FALSE(decoder.feed(insert(9, {"n"})));
  EXPECT_FALSE(decoder.feed(begin()));
  EXPECT_FALSE(decoder.feed("?"));
}

TEST(Pgoutput, RefusesACommitBeyondWhatATimeHolds) {
  constexpr std::int64_t kInfinity = std::numeric_limits<std::int64_t>::max();
  const std::int64_t last = to_postgres_time(WallTime::max());
  EXPECT_EQ(from_postgres_time(last).value(), WallTime::max());
  EXPECT_EQ(from_postgres_time(std::numeric_limits<std::int64_t>::min()).value().time_since_epoch().count(),
            std::numeric_limits<std::int64_t>::min() + 946'684'800'000'000);
  for (const std::int64_t time : {last + 1, kInfinity}) {
    PgoutputDecoder decoder;
    ASSERT_TRUE(decoder.feed(begin()));
    const auto step = decoder.feed(commit(1, 2, static_cast<std::uint64_t>(time)));
    ASSERT_FALSE(step) << time;
    EXPECT_EQ(step.error().code, Code::kProtocolError);
  }
}

TEST(Pgoutput, TimesGoThereAndBack) {
  const WallTime now{std::chrono::microseconds{1'790'000'000'123'456}};
  EXPECT_EQ(from_postgres_time(to_postgres_time(now)).value(), now);
}

TEST(Lsn, IsWrittenAsTheServerWritesIt) {
  EXPECT_EQ(format_lsn(0), "0/0");
  EXPECT_EQ(format_lsn(0x1'6B3A'2C48ULL), "1/6B3A2C48");
}

}  // namespace
}  // namespace evc::postgres
