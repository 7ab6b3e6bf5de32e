#include "kit/auth/jws.hpp"

#include <gtest/gtest.h>

#include "kit/base/bytes.hpp"

namespace evc::auth {
namespace {

PublicKey public_key(const SigningKey& key) {
  return PublicKey::from_jwk(key.public_jwk()).value();
}

std::string compact(const json::Object& header, const json::Object& payload, std::string_view signature = "sig") {
  return base64url_encode(json::serialize(header)) + "." + base64url_encode(json::serialize(payload)) + "." +
         base64url_encode(signature);
}

TEST(Jws, SignedTokenVerifiesWithItsKeyOnly) {
  const SigningKey key = SigningKey::generate();
  const std::string token = key.sign("at+jwt", {{"sub", "a"}});
  const auto parsed = parse_jws(token);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->key_id, key.key_id());
  EXPECT_TRUE(public_key(key).verify(*parsed));
  EXPECT_FALSE(public_key(SigningKey::generate()).verify(*parsed));
}

TEST(Jws, EveryChangedCharacterOfPayloadOrSignatureIsRefused) {
  const SigningKey key = SigningKey::generate();
  const PublicKey verifier = public_key(key);
  const std::string token = key.sign("at+jwt", {{"sub", "someone"}});
  for (std::size_t i = token.find('.') + 1; i < token.size(); ++i) {
    if (token[i] == '.') continue;
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto parsed = parse_jws(changed);
    EXPECT_FALSE(parsed && verifier.verify(*parsed)) << "at " << i;
  }
}

TEST(Jws, PrivateKeySurvivesPem) {
  const SigningKey key = SigningKey::generate();
  const auto again = SigningKey::from_pem(key.private_pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key_id(), key.key_id());
  EXPECT_TRUE(public_key(key).verify(parse_jws(again->sign("at+jwt", {})).value()));
}

TEST(Jws, AnRsaKeySignsVerifiesAndSurvivesPem) {
  const SigningKey key = SigningKey::generate(Algorithm::kRs256);
  const std::string token = key.sign("JWT", {{"sub", "a"}});
  const auto parsed = parse_jws(token);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->algorithm, Algorithm::kRs256);
  EXPECT_EQ(parsed->signature.size(), 256U);
  EXPECT_TRUE(public_key(key).verify(*parsed));
  EXPECT_FALSE(public_key(SigningKey::generate(Algorithm::kRs256)).verify(*parsed));
  EXPECT_FALSE(public_key(SigningKey::generate()).verify(*parsed));
  const auto again = SigningKey::from_pem(key.private_pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key_id(), key.key_id());
  EXPECT_EQ(again->algorithm(), Algorithm::kRs256);
  EXPECT_TRUE(public_key(key).verify(parse_jws(again->sign("JWT", {})).value()));
}

TEST(Jws, SignatureMustBeExactlySixtyFourBytes) {
  const SigningKey key = SigningKey::generate();
  Jws token = parse_jws(key.sign("at+jwt", {})).value();
  const std::string good = token.signature;
  token.signature = good + '\0';
  EXPECT_FALSE(public_key(key).verify(token));
  token.signature = std::string(64, '\0');
  EXPECT_FALSE(public_key(key).verify(token));
  token.signature = good;
  EXPECT_TRUE(public_key(key).verify(token));
}

class RefusedHeader : public testing::TestWithParam<json::Object> {};
TEST_P(RefusedHeader, IsTokenInvalid) {
  const auto parsed = parse_jws(compact(GetParam(), {}));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Code::kTokenInvalid);
}
INSTANTIATE_TEST_SUITE_P(Shapes, RefusedHeader,
                         testing::Values(json::Object{{"alg", "none"}, {"kid", "k"}},
                                         json::Object{{"alg", "HS256"}, {"kid", "k"}},
                                         json::Object{{"alg", "es256"}, {"kid", "k"}}, json::Object{{"kid", "k"}},
                                         json::Object{{"alg", "ES256"}}, json::Object{{"alg", "ES256"}, {"kid", ""}},
                                         json::Object{{"alg", "ES256"}, {"kid", 1}},
                                         json::Object{{"alg", "ES256"}, {"kid", "k"}, {"jku", "https://evil"}},
                                         json::Object{{"alg", "ES256"}, {"kid", "k"}, {"jwk", json::Object{}}},
                                         json::Object{{"alg", "ES256"}, {"kid", "k"}, {"x5u", "https://evil"}},
                                         json::Object{{"alg", "ES256"}, {"kid", "k"}, {"x5c", json::Array{}}},
                                         json::Object{{"alg", "ES256"}, {"kid", "k"}, {"crit", json::Array{"exp"}}},
                                         json::Object{{"alg", "ES256"}, {"kid", "k"}, {"b64", false}},
                                         json::Object{{"alg", "ES256"}, {"kid", "k"}, {"zip", "DEF"}}));

TEST(Jws, BrokenShapesAreRefused) {
  const std::string duplicate =
      base64url_encode(R"({"alg":"ES256","alg":"none","kid":"k"})") + "." + base64url_encode("{}") + ".c2ln";
  const std::string good = compact({{"alg", "ES256"}, {"kid", "k"}}, {});
  for (const std::string& bad :
       {std::string(), std::string("a"), std::string("a.b"), good + ".x", good + "=", duplicate, std::string(9000, 'a'),
        base64url_encode("[]") + "." + base64url_encode("{}") + ".c2ln", good.substr(0, good.rfind('.') + 1)}) {
    EXPECT_FALSE(parse_jws(bad)) << bad.substr(0, 60);
  }
}

TEST(PublicKey, RefusesPointOffTheCurveAndForeignUse) {
  json::Object jwk = SigningKey::generate().public_jwk();
  json::Object off = jwk;
  off["x"] = base64url_encode(std::string(32, '\1'));
  EXPECT_FALSE(PublicKey::from_jwk(off));
  json::Object encryption = jwk;
  encryption["use"] = "enc";
  EXPECT_FALSE(PublicKey::from_jwk(encryption));
  json::Object nameless = jwk;
  nameless.erase("kid");
  EXPECT_FALSE(PublicKey::from_jwk(nameless));
}

}  // namespace
}  // namespace evc::auth
