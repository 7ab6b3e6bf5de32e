#include "simulators/payment_provider/book.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kit/base/bytes.hpp"
#include "kit/testing/manual_clock.hpp"
#include "simulators/payment_provider/journal.hpp"

namespace evc::payment_provider {
namespace {

class BookTest : public ::testing::Test {
 protected:
  Money money(std::int64_t amount) { return {amount, Currency::brl()}; }
  Result<Book::Answer> hold(const std::string& token = "approved", const std::string& key = "k1",
                            std::int64_t amount = 1'000) {
    return book_.authorise(key, {.reference = "pa-1", .amount = money(amount), .token = token});
  }

  evc::testing::ManualClock clock_;
  std::vector<std::string> journal_;
  Book book_{BookOptions{}, clock_, [this](const std::string& line) { journal_.push_back(line); }};
};

TEST_F(BookTest, AKeyHasOneEffectWhateverItIsAskedAgain) {
  const auto first = hold();
  ASSERT_TRUE(first);
  const auto again = hold();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->effect, Book::Answer::Effect::kRepeated);
  EXPECT_EQ(again->authorisation.id, first->authorisation.id);
  EXPECT_EQ(journal_.size(), 1U);
  EXPECT_EQ(hold("approved", "k1", 999).error().code, Code::kIdempotencyKeyReused);
  EXPECT_EQ(hold("approved", "k2").error().code, Code::kConflict);
}

TEST_F(BookTest, AHoldIsCapturedOnceAndNotAboveItsAmount) {
  const std::string id = hold()->authorisation.id;
  EXPECT_EQ(book_.capture("c0", id, money(1'001)).error().code, Code::kValidationFailed);
  const auto captured = book_.capture("c1", id, money(700));
  ASSERT_TRUE(captured);
  EXPECT_EQ(captured->authorisation.captured, money(700));
  EXPECT_EQ(book_.capture("c2", id, money(300)).error().code, Code::kConflict);
  EXPECT_EQ(book_.release("v1", id).error().code, Code::kConflict);
}

TEST_F(BookTest, AVoidedHoldCannotBeCaptured) {
  const std::string id = hold()->authorisation.id;
  ASSERT_TRUE(book_.release("v1", id));
  EXPECT_TRUE(book_.release("v2", id));
  EXPECT_EQ(book_.capture("c1", id, money(1)).error().code, Code::kConflict);
}

TEST_F(BookTest, AHoldCanGrow) {
  const std::string id = hold()->authorisation.id;
  const auto grown = book_.increment("i1", id, money(500));
  ASSERT_TRUE(grown);
  EXPECT_EQ(grown->authorisation.amount, money(1'500));
  EXPECT_TRUE(book_.capture("c1", id, money(1'500)));
}

TEST_F(BookTest, AHoldThatMayNotGrowStaysAsItIs) {
  const std::string id = hold("increment-declined")->authorisation.id;
  EXPECT_EQ(book_.increment("i1", id, money(500)).error().code, Code::kConstraintViolation);
  EXPECT_EQ(book_.find(id)->amount, money(1'000));
  EXPECT_TRUE(book_.capture("c1", id, money(1'000)));
  EXPECT_EQ(book_.increment("i2", id, money(1)).error().code, Code::kConflict) << "after its capture nothing grows";
}

TEST_F(BookTest, NoMoreIsGivenBackThanWasCaptured) {
  const std::string id = hold()->authorisation.id;
  EXPECT_EQ(book_.refund("r1", id, money(1)).error().code, Code::kConflict) << "nothing is captured yet";
  ASSERT_TRUE(book_.capture("c1", id, money(700)));
  EXPECT_EQ(book_.refund("r1", id, money(300))->authorisation.refunded, money(300));
  EXPECT_EQ(book_.refund("r1", id, money(300))->effect, Book::Answer::Effect::kRepeated);
  EXPECT_EQ(book_.refund("r2", id, money(401)).error().code, Code::kValidationFailed);
  EXPECT_EQ(book_.refund("r2", id, money(400))->authorisation.refunded, money(700));
  const auto refused = book_.authorise("k9", {.reference = "pa-9", .amount = money(10), .token = "refund-fails"});
  ASSERT_TRUE(book_.capture("c9", refused->authorisation.id, money(10)));
  EXPECT_EQ(book_.refund("r9", refused->authorisation.id, money(1)).error().code, Code::kConstraintViolation);
}

TEST_F(BookTest, AHoldExpiresByItself) {
  const std::string id = hold("expired-hold")->authorisation.id;
  EXPECT_EQ(book_.find(id)->status, Status::kAuthorised);
  clock_.advance(std::chrono::seconds{2});
  EXPECT_EQ(book_.find(id)->status, Status::kExpired);
  EXPECT_EQ(book_.capture("c1", id, money(1)).error().code, Code::kConflict);
}

TEST_F(BookTest, TokensDecideWhatIsHeld) {
  EXPECT_EQ(hold("declined", "k1")->authorisation.status, Status::kDeclined);
  const auto wrong = book_.authorise("k2", {.reference = "pa-2", .amount = money(1'000), .token = "wrong-amount"});
  EXPECT_EQ(wrong->authorisation.amount, money(1'100));
  const auto fails = book_.authorise("k3", {.reference = "pa-3", .amount = money(1'000), .token = "capture-fails"});
  EXPECT_EQ(book_.capture("c3", fails->authorisation.id, money(1)).error().code, Code::kConstraintViolation);
  EXPECT_EQ(book_.authorise("k4", {.reference = "pa-4", .amount = money(1), .token = "no-such"})
                ->authorisation.decline_reason,
            "methodInvalid");
}

TEST_F(BookTest, AKilledProviderKnowsWhatItDid) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("evc-" + hex_encode(random_bytes(8)) + ".jsonl")).string();
  std::string id;
  {
    Journal journal(path, [](const std::string&) {});
    Book before(BookOptions{}, clock_, [&journal](const std::string& line) { journal.append(line); });
    id = before.authorise("k1", {.reference = "pa-1", .amount = money(1'000), .token = "approved"})->authorisation.id;
    ASSERT_TRUE(before.capture("c1", id, money(400)));
  }
  std::ofstream(path, std::ios::app) << "{\"key\":\"cut sho";
  for (int run = 0; run < 2; ++run) {
    Book after(BookOptions{}, clock_, [](const std::string&) {});
    int lines = 0;
    Journal journal(path, [&](const std::string& line) {
      ++lines;
      EXPECT_TRUE(after.replay(line));
    });
    EXPECT_EQ(lines, 2);
    EXPECT_EQ(after.find_by_reference("pa-1")->captured, money(400));
    EXPECT_EQ(after.capture("c1", id, money(400))->effect, Book::Answer::Effect::kRepeated);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace evc::payment_provider
