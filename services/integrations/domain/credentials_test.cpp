#include <gtest/gtest.h>

#include <set>

#include "kit/base/bytes.hpp"
#include "services/integrations/domain/session_tag.hpp"
#include "services/integrations/domain/station_credentials.hpp"

namespace evc::integrations {
namespace {

TEST(SessionTag, FitsIntoAnIdTagAndIsStable) {
  const auto session = *parse_uuid("0198c1d2-79ff-7abc-9def-000000005e55");
  const auto tag = session_tag(session);
  EXPECT_EQ(tag.size(), 20u);
  EXPECT_EQ(tag, session_tag(session));
  EXPECT_EQ(tag.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), std::string::npos);
}

TEST(SessionTag, DiffersPerSession) {
  std::set<std::string> tags;
  for (int i = 0; i < 1000; ++i) tags.insert(session_tag(uuid_v7()));
  EXPECT_EQ(tags.size(), 1000u);
}

TEST(StationCredentials, ThePasswordDependsOnSecretAndStation) {
  const Secret<std::string> secret(std::string("fleet"));
  const auto password = station_password(secret, "BR-SP-0001");
  EXPECT_EQ(password.size(), 40u);
  EXPECT_EQ(password, hex_encode(view(hmac_sha256("fleet", "BR-SP-0001"))).substr(0, 40));
  EXPECT_NE(password, station_password(secret, "BR-SP-0002"));
  EXPECT_NE(password, station_password(Secret<std::string>(std::string("other")), "BR-SP-0001"));
  EXPECT_EQ(password_digest(password).size(), 32u);
}

TEST(StationCredentials, BasicIsReadStrictly) {
  const auto credentials = parse_basic("Basic " + base64_encode("BR-SP-0001:a:b"));
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "BR-SP-0001");
  EXPECT_EQ(credentials->password.reveal(), "a:b");
  EXPECT_TRUE(parse_basic("basic " + base64_encode("u:p")));
  for (const auto* header : {"", "Basic", "Basic ", "Basic !!!", "Bearer dTpw", "Basic dXA="})
    EXPECT_FALSE(parse_basic(header)) << header;
}

TEST(StationCredentials, StationIds) {
  for (const auto* id : {"BR-SP-0001", "a", "LOAD-00001", "x.y_z-1"}) EXPECT_TRUE(is_station_id(id)) << id;
  for (const auto* id :
       {"", "-a", ".a", "a b", "a/b", "ação", "a%20", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    EXPECT_FALSE(is_station_id(id)) << id;
}

}  // namespace
}  // namespace evc::integrations
