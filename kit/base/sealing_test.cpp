#include "kit/base/sealing.hpp"

#include <gtest/gtest.h>

#include "kit/base/bytes.hpp"

namespace evc {
namespace {

SealKey key() {
  return SealKey(random_bytes(32));
}

TEST(Sealing, OpensWithItsKeyAndPlaceOnly) {
  const SealKey mine = key();
  for (const std::string& plain : {std::string(), std::string("ana@example.org"), std::string(5000, 'x')}) {
    const std::string sealed = seal(mine, plain, "auth.account.email:1");
    EXPECT_EQ(open_sealed(mine, sealed, "auth.account.email:1").value(), plain);
    EXPECT_FALSE(open_sealed(key(), sealed, "auth.account.email:1"));
    EXPECT_FALSE(open_sealed(mine, sealed, "auth.account.email:2"));
  }
}

TEST(Sealing, TheSameValueNeverLooksTheSame) {
  const SealKey mine = key();
  EXPECT_NE(seal(mine, "a", "p"), seal(mine, "a", "p"));
}

TEST(Sealing, EveryDamagedByteIsNoticed) {
  const SealKey mine = key();
  const std::string sealed = seal(mine, "value", "place");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string damaged = sealed;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(open_sealed(mine, damaged, "place")) << "at " << i;
    EXPECT_FALSE(open_sealed(mine, sealed.substr(0, i), "place")) << "cut at " << i;
  }
}

TEST(Sealing, DerivedKeysDifferByPurpose) {
  const SealKey mine = key();
  EXPECT_NE(derive_key(mine, "a").reveal(), derive_key(mine, "b").reveal());
  EXPECT_EQ(derive_key(mine, "a").reveal(), derive_key(mine, "a").reveal());
}

}  // namespace
}  // namespace evc
