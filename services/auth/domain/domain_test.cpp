#include <argon2.h>
#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <set>

#include "kit/base/bytes.hpp"
#include "services/auth/domain/argon2id.hpp"
#include "services/auth/domain/device.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/key_schedule.hpp"
#include "services/auth/domain/password.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/domain/totp.hpp"

namespace evc::auth_service {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
const WallTime kNow{seconds(1'790'000'000)};

TEST(Password, LengthIsCountedInCharacters) {
  const KnownPasswords known("password\n");
  EXPECT_FALSE(check_new_password("catorze-letras", known));
  EXPECT_TRUE(check_new_password("quinze-letras-x", known));
  EXPECT_TRUE(check_new_password("ããããããããããããããã", known));  // 15 characters, 30 bytes
  EXPECT_TRUE(check_new_password(std::string(126, '-') + "ab", known));
  EXPECT_FALSE(check_new_password(std::string(127, '-') + "ab", known));
}

TEST(Password, TheSameOnAnotherKeyboardIsTheSame) {
  const PasswordHasher hasher(Secret<std::string>("pepper"));
  const std::string decomposed = "uma viagem a Sa\u0303o \uff26\uff49m \ufb01nal";  // a~, full width, a ligature
  const std::string composed = "uma viagem a S\u00e3o Fim final";
  const std::string phc = hasher.hash(decomposed);
  EXPECT_TRUE(hasher.verify(decomposed, phc));
  EXPECT_TRUE(hasher.verify(composed, phc));
  EXPECT_FALSE(hasher.verify("uma viagem a sao fim final", phc)) << "neither case nor accents are given up";
  EXPECT_TRUE(hasher.verify("\xff is no UTF-8", hasher.hash("\xff is no UTF-8")));
  EXPECT_FALSE(hasher.verify(std::string(100'000, 'x'), phc));
  // 14 letters, each in two parts, are 14 characters; eight ligatures are 16.
  const KnownPasswords known("password\n");
  std::string parts, ligatures;
  for (int i = 0; i < 14; ++i) parts += "a\u0303";
  for (int i = 0; i < 8; ++i) ligatures += "\ufb01";
  EXPECT_FALSE(check_new_password(parts, known));
  EXPECT_TRUE(check_new_password(parts + "b", known));
  EXPECT_TRUE(check_new_password(ligatures, known));
  EXPECT_FALSE(check_new_password("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44passwor\uff44", known));
}

TEST(Password, AHashFromBeforeNormalisationStillMatches) {
  const PasswordHasher hasher(Secret<std::string>("pepper"));
  const std::string decomposed = "uma viagem pela antiga Sa\u0303o Paulo";
  const Digest peppered = hmac_sha256("pepper", decomposed);
  PhcString before{
      .cost = {.memory_kib = 19 * 1024, .passes = 2, .lanes = 1}, .salt = std::string(16, 's'), .hash = {}};
  before.hash = argon2id(view(peppered), before.salt, before.cost, 32).value();
  EXPECT_TRUE(hasher.verify(decomposed, to_text(before)));
  EXPECT_FALSE(hasher.verify(decomposed + "o", to_text(before)));
}

TEST(Password, WhatIsMadeOfKnownOnesIsGuessable) {
  const KnownPasswords known("dragon\npassword\nmonkey\nlonger-than-fifteen-letters\n");
  for (const char* bad : {"passwordpassword", "PasswordPassword", "dragonpassword2024", "aaaaaaaaaaaaaaa",
                          "123456789012345", "qwertyuiopasdfghjkl", "password12345678", "zyxwvutsrqponmlk",
                          "2026dragondragondragon", "longer-than-fifteen-letters"})
    EXPECT_TRUE(known.guessable(bad)) << bad;
  for (const char* good : {"uma-viagem-pela-costa", "dragonpasswordmonkey", "passworddragonpassword",
                           "password-dragon-x", "dragonpassword20245", "um dragão no sofá", "outra-viagem-pela-serra"})
    EXPECT_FALSE(known.guessable(good)) << good;
  EXPECT_EQ(check_new_password("dragonpassword2024", known, "/newPassword").error().fields.at(0).pointer,
            "/newPassword");
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

// What earlier versions stored, and what anybody else's Argon2 makes of our strings.
TEST(Password, HashesAreThoseOfTheReferenceImplementation) {
  const Digest digest = hmac_sha256("pepper", "correct horse battery staple");
  const std::string_view peppered = view(digest);
  std::array<char, 128> encoded{};
  ASSERT_EQ(argon2id_hash_encoded(2, 19 * 1024, 1, peppered.data(), peppered.size(), "0123456789abcdef", 16, 32,
                                  encoded.data(), encoded.size()),
            ARGON2_OK);
  const PasswordHasher hasher(Secret<std::string>("pepper"));
  EXPECT_TRUE(hasher.verify("correct horse battery staple", encoded.data()));
  EXPECT_FALSE(hasher.verify("correct horse battery stapler", encoded.data()));
  const std::string ours = hasher.hash("correct horse battery staple");
  EXPECT_EQ(argon2id_verify(ours.c_str(), peppered.data(), peppered.size()), ARGON2_OK);
}

TEST(Password, WhatIsNoHashMatchesNothing) {
  const PasswordHasher hasher(Secret<std::string>("pepper"));
  for (const char* bad :
       {"", "h", "$argon2id$v=19$m=19456,t=2,p=1$", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$",
        "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$m=-1,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$*"}) {
    EXPECT_FALSE(hasher.verify("", bad)) << bad;
  }
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

TEST(Device, LabelIsShortAndRecognisable) {
  EXPECT_EQ(
      device_label("Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"),
      "Chrome, Android");
  EXPECT_EQ(device_label("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"), "Firefox, Windows");
  EXPECT_EQ(device_label("EVCosta-iOS/3.1 (iPhone)"), "EVCosta-iOS");
  EXPECT_EQ(device_label(""), "unknown device");
  EXPECT_EQ(device_label("\x01\x02\xC3\xA3"), "unknown device");
  EXPECT_EQ(device_label(std::string(500, 'x')).size(), 64U);
}

TEST(Device, MarkHoldsForItsAccountKeyAndLife) {
  const SealKey key = new_person_secret();
  const MarkedFor ana{"index of ana", "password and second factor"};
  const std::string mark = new_device_mark(key, ana, kNow);
  const auto device = marked_device(key, ana, mark, kNow + hours(24 * 179));
  ASSERT_TRUE(device);
  EXPECT_EQ(device, marked_device(key, ana, mark, kNow)) << "one device is one bucket";
  EXPECT_FALSE(marked_device(key, ana, mark, kNow + hours(24 * 181)));
  EXPECT_FALSE(marked_device(key, {"index of bia", ana.credentials}, mark, kNow))
      << "known to one account is not known to another";
  EXPECT_FALSE(marked_device(key, {ana.email_index, "another password"}, mark, kNow)) << "dies with the password";
  EXPECT_FALSE(marked_device(new_person_secret(), ana, mark, kNow));
  for (std::string_view bad : {"", ".", "..", "a.b", "a.1.c", "....."})
    EXPECT_FALSE(marked_device(key, {"", ""}, bad, kNow));
}

TEST(Device, CookieIsFoundByItsWholeName) {
  EXPECT_EQ(cookie("a=1; __Host-evcosta-device=x.y.z; b=2", kDeviceCookie), "x.y.z");
  EXPECT_EQ(cookie("__Host-evcosta-device=", kDeviceCookie), "");
  EXPECT_FALSE(cookie("not__Host-evcosta-device=x; __Host-evcosta-device2=y", kDeviceCookie));
  EXPECT_TRUE(device_cookie("m").ends_with("; Secure; HttpOnly; SameSite=Strict"));
}

// RFC 6238, appendix B, SHA-1; the codes of 8 digits end with ours of 6.
TEST(Totp, CodesAreThoseOfTheRfc) {
  constexpr std::string_view kSecret = "12345678901234567890";
  const std::pair<std::int64_t, std::string_view> kCases[] = {{59, "287082"},
                                                              {1'111'111'109, "081804"},
                                                              {1'111'111'111, "050471"},
                                                              {1'234'567'890, "005924"},
                                                              {2'000'000'000, "279037"},
                                                              {20'000'000'000, "353130"}};
  for (const auto& [second, code] : kCases) EXPECT_EQ(totp_code(kSecret, totp_step(WallTime(seconds(second)))), code);
}

TEST(Totp, CodeIsGoodAroundItsStepAndOnlyOnce) {
  const std::string secret = new_totp_secret();
  const std::int64_t now = totp_step(kNow);
  for (std::int64_t away : {-1, 0, 1})
    EXPECT_EQ(matching_step(secret, totp_code(secret, now + away), kNow, 0), now + away);
  for (std::int64_t away : {-2, 2}) EXPECT_FALSE(matching_step(secret, totp_code(secret, now + away), kNow, 0));
  EXPECT_FALSE(matching_step(secret, totp_code(secret, now), kNow, now)) << "used already";
  EXPECT_FALSE(matching_step(secret, totp_code(secret, now - 1), kNow, now)) << "older than one that was used";
  EXPECT_FALSE(matching_step(secret, "", kNow, 0));
}

TEST(Totp, SecretAndUriAreWhatAppsRead) {
  EXPECT_EQ(totp_secret_text("12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  EXPECT_EQ(totp_uri("12345678901234567890", "ana+1@b.c"),
            "otpauth://totp/EV-Costa:ana%2b1%40b.c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
            "&issuer=EV-Costa&algorithm=SHA1&digits=6&period=30");
}

TEST(Totp, RecoveryCodesDifferAndForgiveHowTheyAreTyped) {
  const auto codes = new_recovery_codes();
  ASSERT_EQ(codes.size(), kRecoveryCodes);
  EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), kRecoveryCodes);
  EXPECT_EQ(codes[0].size(), 27U);
  std::string typed = codes[0];
  for (char& c : typed) c = c == '-' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_EQ(recovery_code_hash(typed), recovery_code_hash(codes[0]));
  EXPECT_NE(recovery_code_hash(codes[0]), recovery_code_hash(codes[1]));
}

}  // namespace
}  // namespace evc::auth_service
