#include "kit/registry/difference.hpp"

#include <gtest/gtest.h>

namespace evc::registry {
namespace {

std::optional<std::string> between(std::string_view one, std::string_view other) {
  return first_difference(json::parse(one).value(), json::parse(other).value());
}

TEST(Difference, EqualDocumentsHaveNone) {
  EXPECT_EQ(between(R"({"a":[1,{"b":null}],"c":"x"})", R"({"c":"x","a":[1,{"b":null}]})"), std::nullopt);
}

TEST(Difference, IsAPointer) {
  EXPECT_EQ(between(R"({"a":{"b":1}})", R"({"a":{"b":2}})"), "/a/b");
  EXPECT_EQ(between(R"({"a":{"b":1}})", R"({"a":{}})"), "/a/b") << "missing there";
  EXPECT_EQ(between(R"({"a":{}})", R"({"a":{"b":1}})"), "/a/b") << "missing here";
  EXPECT_EQ(between(R"({"a":[1,2]})", R"({"a":[1,3]})"), "/a/1");
  EXPECT_EQ(between(R"({"a":[1]})", R"({"a":[1,2]})"), "/a/1");
  EXPECT_EQ(between(R"({"a/b~c":1})", R"({"a/b~c":2})"), "/a~1b~0c");
  EXPECT_EQ(between("1", "2"), "");
  EXPECT_EQ(between(R"({"a":[]})", R"({"a":{}})"), "/a");
}

}  // namespace
}  // namespace evc::registry
