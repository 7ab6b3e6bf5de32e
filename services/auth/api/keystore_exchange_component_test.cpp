// The exchange of the keystore's key on the real PostgreSQL: whatever it is ended at, everybody's secret stays the same
// and readable, by who knows of the exchange and by who does not.
#include "services/auth/api/keystore_exchange.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "kit/base/bytes.hpp"
#include "kit/testing/temporary_folder.hpp"
#include "services/auth/api/databases_fixture_test.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/store/people_secrets.hpp"

namespace evc::auth_service {
namespace {

using namespace std::chrono_literals;

class KeystoreExchangeTest : public DatabasesFixture {
 protected:
  KeystoreExchangeTest() : DatabasesFixture({.size = 2}) {
    write(file_, "the first key");
    context_.deadline = context_.clock->steady() + 60s;
    running_.emplace(KeystoreKey::from_file(file_));
    for (int i = 0; i < 25; ++i) add_person();
  }

  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // By a process that has run since before the exchange.
  void add_person() {
    const Uuid id = random_uuid();
    SealKey secret = new_person_secret();
    const auto inserted = run(insert_person(context_, *keystore_, id, secret, *running_, context_.clock->wall()));
    ASSERT_TRUE(inserted) << inserted.error().detail;
    secrets_.emplace(id, secret.reveal());
  }
  void expect_everybody(const KeystoreKey& keys) {
    for (const auto& [id, secret] : secrets_) {
      const auto read = run(read_person(context_, *keystore_, id, keys));
      ASSERT_TRUE(read) << read.error().detail;
      EXPECT_EQ(read->reveal(), secret);
    }
  }
  Result<KeystoreExchange::Outcome> exchange() {
    KeystoreExchange made({.pool = *pool_, .keystore = *keystore_, .key_file = file_, .batch = 10});
    return run(made.carry_out(context_));
  }
  // Everybody is sealed under the second key, which has taken its place; what is left is to conclude.
  void reach_the_last_step() {
    write(next_key_file(file_), "the second key");
    const auto second = KeystoreKey::named("the second key");
    ASSERT_TRUE(run(seal_under(context_, *keystore_, second.id, running_->all().back().id, context_.clock->wall())));
    const KeystoreKey both = KeystoreKey::from_file(file_);
    ASSERT_EQ(run(reseal_page(context_, *keystore_, second, both, std::nullopt, 100)).value().resealed, 25u);
    std::filesystem::rename(next_key_file(file_), file_);
  }
  // It is over, and what it has left.
  void expect_done(const Result<KeystoreExchange::Outcome>& outcome) {
    ASSERT_TRUE(outcome) << outcome.error().detail;
    EXPECT_FALSE(std::filesystem::exists(next_key_file(file_)));
    EXPECT_NE(read(file_), "the first key");
    const std::string key_id = KeystoreKey::named(read(file_)).id;
    EXPECT_EQ(outcome->key_id, key_id);
    EXPECT_EQ(keystore_database_.value("SELECT string_agg(id || ' ' || state, ',') FROM key_encryption_key"),
              key_id + " sealing");
    EXPECT_EQ(keystore_database_.value("SELECT count(*) FROM person WHERE key_id IS DISTINCT FROM '" + key_id + "'"),
              "0");
    expect_everybody(*running_);
    expect_everybody(KeystoreKey::from_file(file_));
    add_person();
    EXPECT_EQ(accounts_.value("SELECT count(*) FROM audit_entry WHERE action = 'keystoreKey.exchanged'"), "1");
  }

  evc::testing::TemporaryFolder folder_;
  std::string file_ = folder_.path("auth-keystore-key");
  std::optional<KeystoreKey> running_;
  std::map<Uuid, std::string> secrets_;
  RequestContext context_;
};

TEST_F(KeystoreExchangeTest, EverySecretIsSealedAnewAndStaysWhatItIs) {
  const std::string before =
      keystore_database_.value("SELECT string_agg(encode(secret_sealed, 'hex'), '' ORDER BY id) FROM person");
  const auto outcome = exchange();
  expect_done(outcome);
  EXPECT_EQ(outcome->resealed, 25u);
  EXPECT_FALSE(outcome->resumed);
  struct stat about{};
  ASSERT_EQ(::stat(file_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_NE(keystore_database_.value("SELECT string_agg(encode(secret_sealed, 'hex'), '' ORDER BY id) FROM person"),
            before);
  // The old key opens nothing.
  const KeystoreKey old(derive_key(SealKey("the first key"), "evcosta auth keystore"));
  EXPECT_FALSE(run(read_person(context_, *keystore_, secrets_.begin()->first, old)));
}

TEST_F(KeystoreExchangeTest, RowsFromBeforeKeysHadNamesGoTheSameWay) {
  keystore_database_.value(
      "WITH all_of_them AS (UPDATE person SET key_id = NULL RETURNING 1) SELECT count(*) FROM all_of_them");
  keystore_database_.value("WITH gone AS (DELETE FROM key_encryption_key RETURNING 1) SELECT count(*) FROM gone");
  expect_everybody(*running_);
  expect_done(exchange());
}

TEST_F(KeystoreExchangeTest, EndedAfterTheSuccessorWasMadeItGoesOn) {
  write(next_key_file(file_), "the second key");
  expect_everybody(*running_);
  add_person();
  expect_done(exchange());
  EXPECT_EQ(read(file_), "the second key");
}

TEST_F(KeystoreExchangeTest, EndedInTheMiddleItGoesOn) {
  write(next_key_file(file_), "the second key");
  const auto second = KeystoreKey::named("the second key");
  ASSERT_TRUE(run(seal_under(context_, *keystore_, second.id, running_->all().back().id, context_.clock->wall())));
  add_person();  // by who has not heard of it
  EXPECT_EQ(keystore_database_.value("SELECT count(*) FROM person WHERE key_id = '" + second.id + "'"), "1");
  const KeystoreKey both = KeystoreKey::from_file(file_);
  // Where the new one's id falls among the first seven, only six are left to do.
  const std::string others = keystore_database_.value(
      "SELECT count(*) FROM (SELECT key_id FROM person ORDER BY id LIMIT 7) first WHERE key_id <> '" + second.id + "'");
  ASSERT_EQ(std::to_string(run(reseal_page(context_, *keystore_, second, both, std::nullopt, 7)).value().resealed),
            others);
  expect_everybody(*running_);
  expect_everybody(KeystoreKey::from_file(file_));
  const auto outcome = exchange();
  expect_done(outcome);
  EXPECT_EQ(outcome->resealed, 25u - std::stoul(others)) << "the rest";
  EXPECT_TRUE(outcome->resumed);
}

TEST_F(KeystoreExchangeTest, EndedBeforeItsLastStepItGoesOnAndBeginsNoOther) {
  ASSERT_NO_FATAL_FAILURE(reach_the_last_step());
  expect_everybody(*running_);
  add_person();
  const auto outcome = exchange();
  expect_done(outcome);
  EXPECT_EQ(outcome->key_id, KeystoreKey::named("the second key").id);
  EXPECT_TRUE(outcome->resumed);
}

TEST_F(KeystoreExchangeTest, EndedBeforeItsLastStepWhenNoKeyHadANameItGoesOnAsWell) {
  keystore_database_.value(
      "WITH all_of_them AS (UPDATE person SET key_id = NULL RETURNING 1) SELECT count(*) FROM all_of_them");
  keystore_database_.value("WITH gone AS (DELETE FROM key_encryption_key RETURNING 1) SELECT count(*) FROM gone");
  ASSERT_NO_FATAL_FAILURE(reach_the_last_step());
  const auto outcome = exchange();
  expect_done(outcome);
  EXPECT_EQ(outcome->key_id, KeystoreKey::named("the second key").id);
}

TEST_F(KeystoreExchangeTest, PagesGoOnFromWhereTheLastOneEnded) {
  write(next_key_file(file_), "the second key");
  const auto second = KeystoreKey::named("the second key");
  const KeystoreKey both = KeystoreKey::from_file(file_);
  const auto first = run(reseal_page(context_, *keystore_, second, both, std::nullopt, 20));
  EXPECT_EQ(first->resealed, 20u);
  ASSERT_TRUE(first->end);
  EXPECT_EQ(run(reseal_page(context_, *keystore_, second, both, std::nullopt, 20))->resealed, 0u) << "no further";
  const auto rest = run(reseal_page(context_, *keystore_, second, both, first->end, 20));
  EXPECT_EQ(rest->resealed, 5u);
  EXPECT_FALSE(rest->end);
}

TEST_F(KeystoreExchangeTest, OneAtATimeOnThisMachineAndOnAnother) {
  const std::string lock = file_ + ".lock";
  const int file = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  ASSERT_EQ(::flock(file, LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(exchange().error().code, Code::kConflict);
  ::close(file);
  auto elsewhere = run(keystore_->begin(context_));
  ASSERT_TRUE(run(hold_exchange(context_, *elsewhere)).value());
  EXPECT_EQ(exchange().error().code, Code::kConflict);
  EXPECT_FALSE(std::filesystem::exists(next_key_file(file_)));
  ASSERT_TRUE(run(elsewhere->rollback(context_)));
  expect_done(exchange());
  EXPECT_TRUE(std::filesystem::exists(lock)) << "replaced by nothing";
}

TEST_F(KeystoreExchangeTest, WhoeverNamesNoKeyCannotWriteFromItsBeginningOn) {
  const std::string unnamed =
      "INSERT INTO person (secret_sealed, id, created_at) SELECT secret_sealed, gen_random_uuid(), now() FROM person "
      "LIMIT 1 RETURNING 1";
  EXPECT_EQ(keystore_database_.value("WITH made AS (" + unnamed + ") SELECT count(*) FROM made"), "1");
  keystore_database_.value(
      "WITH gone AS (DELETE FROM person WHERE key_id IS NULL RETURNING 1) SELECT count(*) FROM gone");
  write(next_key_file(file_), "the second key");
  const auto second = KeystoreKey::named("the second key");
  ASSERT_TRUE(run(seal_under(context_, *keystore_, second.id, running_->all().back().id, context_.clock->wall())));
  EXPECT_THROW(keystore_database_.value("WITH made AS (" + unnamed + ") SELECT count(*) FROM made"), std::exception);
  expect_done(exchange());
  EXPECT_THROW(keystore_database_.value("WITH made AS (" + unnamed + ") SELECT count(*) FROM made"), std::exception);
}

TEST_F(KeystoreExchangeTest, WhatIsKnownStaysKnownWhateverTheFilesSay) {
  write(file_, " \n the first key\n");
  EXPECT_EQ(KeystoreKey::from_file(file_).all().back().id, running_->all().back().id) << "space around it";
  std::filesystem::remove(file_);
  EXPECT_FALSE(running_->find("0123456789abcdef"));
  expect_everybody(*running_);
  write(next_key_file(file_), "the second key");
  EXPECT_TRUE(running_->find(KeystoreKey::named("the second key").id));
  EXPECT_EQ(running_->all().size(), 2u);
  EXPECT_EQ(running_->all().front().id, KeystoreKey::named("the second key").id) << "the newest first";
}

TEST_F(KeystoreExchangeTest, WhoeverIsErasedMeanwhileStaysErased) {
  const Uuid id = secrets_.begin()->first;
  ASSERT_TRUE(run(delete_person(context_, *keystore_, id)));
  secrets_.erase(id);
  expect_done(exchange());
  EXPECT_EQ(run(read_person(context_, *keystore_, id, *running_)).error().code, Code::kNotFound);
}

TEST_F(KeystoreExchangeTest, AKeyThatIsNotHereIsNoReasonToWriteUnderAnother) {
  const KeystoreKey stranger(SealKey(std::string(32, 'x')));
  const auto inserted =
      run(insert_person(context_, *keystore_, random_uuid(), new_person_secret(), stranger, context_.clock->wall()));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().detail, "the key that seals in the keystore is not here");
  EXPECT_FALSE(run(read_person(context_, *keystore_, secrets_.begin()->first, stranger)));
  EXPECT_THROW(KeystoreKey::from_file(folder_.path("nothing")), std::runtime_error);
}

}  // namespace
}  // namespace evc::auth_service
