#include "services/auth/webauthn/cbor.hpp"

#include <gtest/gtest.h>

#include "kit/base/bytes.hpp"
#include "services/auth/webauthn/software_authenticator_test.hpp"

namespace evc::auth_service {
namespace {

using testing::cbor_bytes;
using testing::cbor_head;
using testing::cbor_number;
using testing::cbor_text;

std::string bytes(std::string_view hex) {
  return hex_decode(hex).value();
}

std::string reason(const std::string& encoded) {
  const auto decoded = decode_cbor(encoded);
  return decoded ? "taken" : decoded.error().detail;
}

TEST(Cbor, ReadsWhatAuthenticatorsWrite) {
  const std::string encoded = cbor_head(5, 3) + cbor_number(-257) + cbor_bytes("ab") + cbor_text("ação") +
                              cbor_head(4, 2) + cbor_number(1000) + cbor_number(-1) + cbor_number(3) + bytes("f5");
  const auto decoded = decode_cbor(encoded);
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->find(-257)->bytes, "ab");
  ASSERT_EQ(decoded->find("ação")->items.size(), 2u);
  EXPECT_EQ(decoded->find("ação")->items[0].integer, 1000);
  EXPECT_EQ(decoded->find("ação")->items[1].integer, -1);
  EXPECT_EQ(decoded->find(3)->kind, CborValue::Kind::kTrue);
  EXPECT_EQ(decoded->find(4), nullptr);
  EXPECT_EQ(decoded->find("ab"), nullptr);
  EXPECT_EQ(decoded->find(-257)->find(1), nullptr);
}

TEST(Cbor, TheFrontAloneSaysHowLongItIs) {
  const auto front = decode_cbor_front(cbor_text("abc") + "rest");
  ASSERT_TRUE(front);
  EXPECT_EQ(front->length, 4u);
}

TEST(Cbor, RefusesWhatIsNotTheOneForm) {
  for (const auto& [encoded, why] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "CBOR: ends too early"},
           {bytes("1817"), "CBOR: longer than it need be"},
           {bytes("1900ff"), "CBOR: longer than it need be"},
           {bytes("1a0000ffff"), "CBOR: longer than it need be"},
           {bytes("1b00000000ffffffff"), "CBOR: longer than it need be"},
           {bytes("580161"), "CBOR: longer than it need be"},
           {bytes("9f01ff"), "CBOR: indefinite lengths are not taken"},
           {bytes("5f4161ff"), "CBOR: indefinite lengths are not taken"},
           {bytes("1c"), "CBOR: indefinite lengths are not taken"},
           {bytes("c100"), "CBOR: tags are not taken"},
           {bytes("f93c00"), "CBOR: floating point and other simple values are not taken"},
           {bytes("f7"), "CBOR: floating point and other simple values are not taken"},
           {bytes("1bffffffffffffffff"), "CBOR: a number is too large"},
           {bytes("3bffffffffffffffff"), "CBOR: a number is too large"},
           {bytes("0000"), "CBOR: something follows it"},
           {bytes("4261"), "CBOR: ends too early"},
           {bytes("19ff"), "CBOR: ends too early"},
           {bytes("8200"), "CBOR: ends too early"},
           {bytes("9b7fffffffffffffff"), "CBOR: ends too early"},
           {bytes("bb7fffffffffffffff"), "CBOR: ends too early"},
           {bytes("a2010001f6"), "CBOR: a key comes twice"},
           {bytes("a1f500"), "CBOR: a key is neither a number nor a text"},
           {bytes("a1416100"), "CBOR: a key is neither a number nor a text"}})
    EXPECT_EQ(reason(encoded), why) << hex_encode(encoded);
}

TEST(Cbor, TextIsUtf8) {
  for (const char* good : {"6161", "62c3a7", "63e282ac", "64f0909080", "64f48fbfbf"})
    EXPECT_EQ(reason(bytes(good)), "taken");
  for (const char* bad : {"61ff", "62c080", "61c3", "63e08080", "63eda080", "64f0808080", "64f4908080", "62c361"})
    EXPECT_EQ(reason(bytes(bad)), "CBOR: a text is not UTF-8") << bad;
}

TEST(Cbor, HasLimits) {
  const auto nested = [](int depth) { return std::string(static_cast<std::size_t>(depth - 1), '\x81') + '\0'; };
  EXPECT_EQ(reason(nested(8)), "taken");
  EXPECT_EQ(reason(nested(9)), "CBOR: nested too deeply");
  const auto many = [](std::size_t count) { return cbor_head(4, count) + std::string(count, '\0'); };
  EXPECT_EQ(reason(many(511)), "taken");
  EXPECT_EQ(reason(many(512)), "CBOR: too many items");
  EXPECT_EQ(reason(cbor_bytes(std::string(16 * 1024 - 3, 'x'))), "taken");
  EXPECT_EQ(reason(cbor_bytes(std::string(16 * 1024 - 2, 'x'))), "CBOR: too large");
}

}  // namespace
}  // namespace evc::auth_service
