// What this file proves is that it compiles: a value that must not leak has no way out but reveal().
#include "kit/base/secret.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <gtest/gtest.h>

#include <concepts>
#include <ostream>
#include <string>

#include "kit/base/json.hpp"

namespace evc {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept Formattable = fmt::is_formattable<T>::value;

static_assert(Streamable<std::string> && Formattable<std::string> && json::Encodable<std::string>);
static_assert(!Streamable<Secret<std::string>> && !Streamable<Personal<std::string>>);
static_assert(!Formattable<Secret<std::string>> && !Formattable<Personal<std::string>>);
static_assert(!json::Encodable<Secret<std::string>> && !json::Encodable<Personal<std::string>>);
static_assert(!std::convertible_to<Secret<std::string>, std::string> &&
              !std::convertible_to<Personal<std::string>, std::string>);
static_assert(!std::equality_comparable<Secret<std::string>>);

struct Login {
  Personal<std::string> email;
  Secret<std::string> password;
};
BOOST_DESCRIBE_STRUCT(Login, (), (email, password))

TEST(Secret, ARequestMayBringOneIn) {
  const auto login = json::decode_text<Login>(R"({"email":"driver@example.org","password":"pass phrase"})");
  ASSERT_TRUE(login);
  EXPECT_EQ(login->email.reveal(), "driver@example.org");
  EXPECT_EQ(login->password.reveal(), "pass phrase");
}

}  // namespace
}  // namespace evc
