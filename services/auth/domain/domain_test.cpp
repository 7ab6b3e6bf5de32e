#include <gtest/gtest.h>

#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/key_schedule.hpp"
#include "services/auth/domain/password.hpp"
#include "services/auth/domain/refresh.hpp"

namespace evc::auth_service {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
const WallTime kNow{seconds(1'790'000'000)};

TEST(Password, LengthIsCountedInCharacters) {
  EXPECT_FALSE(check_new_password("catorze-letras"));
  EXPECT_TRUE(check_new_password("quinze-letras-x"));
  EXPECT_TRUE(check_new_password("ããããããããããããããã"));  // 15 characters, 30 bytes
  EXPECT_TRUE(check_new_password(std::string(128, 'a')));
  EXPECT_FALSE(check_new_password(std::string(129, 'a')));
}

TEST(Password, HashVerifiesAndDependsOnThePepper) {
  const PasswordHasher hasher(Secret<std::string>("pepper"));
  const std::string phc = hasher.hash("correct horse battery staple");
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_TRUE(hasher.verify("correct horse battery staple", phc));
  EXPECT_FALSE(hasher.verify("correct horse battery stapler", phc));
  EXPECT_FALSE(hasher.verify("", hasher.decoy()));
  EXPECT_FALSE(PasswordHasher(Secret<std::string>("other")).verify("correct horse battery staple", phc));
}

TEST(Identity, PseudonymIsStablePerSecretAndDomain) {
  const SealKey secret = new_person_secret();
  EXPECT_EQ(pseudonym(secret, "events"), pseudonym(secret, "events"));
  EXPECT_NE(pseudonym(secret, "events"), pseudonym(secret, "analytics"));
  EXPECT_NE(pseudonym(secret, "events"), pseudonym(new_person_secret(), "events"));
  EXPECT_EQ(pseudonym(secret, "events").size(), 3U + 26U);
}

TEST(Identity, AddressesCompareWithoutCaseAndBadOnesAreRefused) {
  EXPECT_EQ(normalise_email("  Ana.Souza@Example.ORG ").value(), "ana.souza@example.org");
  for (const char* bad :
       {"", "ana", "@b.c", "a@b", "a@.c", "a@b.", "a@b@c.d", "a b@c.d", "a@b.c\r\nBcc: x@y.z", "<a@b.c>"}) {
    EXPECT_FALSE(normalise_email(bad)) << bad;
  }
  EXPECT_FALSE(normalise_email(std::string(250, 'a') + "@b.cd"));
}

TEST(KeySchedule, FirstKeySignsAtOnceAndTheNextIsPublishedADayBefore) {
  std::vector<KeyTimes> keys;
  const auto first = next_key(keys, kNow);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->use_from, kNow);
  keys.push_back({"k1", first->use_from, first->use_until});
  EXPECT_EQ(signing_key(keys, kNow), "k1");
  EXPECT_FALSE(next_key(keys, kNow + hours(24 * 6) - seconds(1)));
  const auto second = next_key(keys, kNow + hours(24 * 6));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->use_from, first->use_until);
  keys.push_back({"k2", second->use_from, second->use_until});
  EXPECT_EQ(signing_key(keys, first->use_until - seconds(1)), "k1");
  EXPECT_EQ(signing_key(keys, first->use_until), "k2");
  EXPECT_TRUE(is_published(keys[0], first->use_until + hours(23)));
  EXPECT_FALSE(is_published(keys[0], first->use_until + hours(24)));
}

TEST(KeySchedule, RevokedKeyIsReplacedAtOnceAndWithdrawn) {
  std::vector<KeyTimes> keys{{"k1", kNow - hours(1), kNow + hours(100), true}};
  EXPECT_FALSE(signing_key(keys, kNow));
  EXPECT_FALSE(is_published(keys[0], kNow));
  EXPECT_EQ(next_key(keys, kNow)->use_from, kNow);
}

PresentedToken live() {
  return {
      .known = true, .family_live = true, .idle_expires_at = kNow + hours(1), .absolute_expires_at = kNow + hours(2)};
}

TEST(Refresh, ActiveTokenIssuesAChild) {
  PresentedToken token = live();
  token.rotated_now = true;
  EXPECT_EQ(judge(token, kNow), RefreshVerdict::kIssueChild);
}

TEST(Refresh, ParentInGraceRepeatsTheUnusedChildOnly) {
  PresentedToken token = live();
  token.rotated_at = kNow - seconds(29);
  token.child_unused = true;
  EXPECT_EQ(judge(token, kNow), RefreshVerdict::kRepeatChild);
  token.child_unused = false;
  EXPECT_EQ(judge(token, kNow), RefreshVerdict::kRevokeFamily);
  token.child_unused = true;
  token.rotated_at = kNow - seconds(30);
  EXPECT_EQ(judge(token, kNow), RefreshVerdict::kRevokeFamily);
}

TEST(Refresh, UnknownExpiredAndRevokedAreRefusedWithoutAChange) {
  EXPECT_EQ(judge({}, kNow), RefreshVerdict::kRefuse);
  PresentedToken token = live();
  token.rotated_now = true;
  token.absolute_expires_at = kNow;
  EXPECT_EQ(judge(token, kNow), RefreshVerdict::kRefuse);
  token = live();
  token.rotated_now = true;
  token.idle_expires_at = kNow;
  EXPECT_EQ(judge(token, kNow), RefreshVerdict::kRefuse);
  token = live();
  token.family_live = false;
  EXPECT_EQ(judge(token, kNow), RefreshVerdict::kRefuse);
}

}  // namespace
}  // namespace evc::auth_service
