#include "services/registry/domain/compatibility.hpp"

#include <gtest/gtest.h>

#include <map>

#include "contracts/event_schemas.hpp"

namespace evc::registry_service {
namespace {

constexpr std::string_view kBase = R"({
  "$id": "urn:x:1", "type": "object", "additionalProperties": false, "required": ["a", "list"],
  "properties": {
    "a": {"$ref": "#/$defs/count"},
    "word": {"enum": ["x", "y"], "description": "a word"},
    "text": {"type": "string", "minLength": 2, "maxLength": 9, "pattern": "^[a-z]+$"},
    "list": {"type": "array", "maxItems": 3, "items": {"$ref": "#/$defs/item"}},
    "either": {"oneOf": [{"$ref": "#/$defs/item"}, {"const": 7}]}
  },
  "$defs": {
    "count": {"type": "integer", "minimum": 0, "maximum": 10},
    "item": {"type": "object", "additionalProperties": false, "required": ["n"], "properties": {"n": {"type": "number"}, "m": {"type": "string"}}}
  }
})";

// `said` is put in place of `was` in the base, once.
std::string after(std::string_view was, std::string_view said) {
  std::string later(kBase);
  const auto place = later.find(was);
  EXPECT_NE(place, std::string::npos) << was;
  later.replace(place, was.size(), said);
  std::string text;
  const auto earlier = json::parse(kBase);
  const auto parsed = json::parse(later);
  EXPECT_TRUE(earlier && parsed) << later;
  for (const FieldError& one : incompatibilities(*earlier, *parsed)) text += one.pointer + " " + one.detail + "\n";
  return text;
}

TEST(Compatibility, ItselfAndWhatIsOnlyWords) {
  EXPECT_EQ(after("urn:x:1", "urn:x:2"), "");
  EXPECT_EQ(after("a word", "another word"), "");
}

TEST(Compatibility, WhatTakesMore) {
  EXPECT_EQ(after(R"("word": {)", R"("new": {"type": "string"}, "word": {)"), "");
  EXPECT_EQ(after(R"(["x", "y"])", R"(["x", "y", "z"])"), "");
  EXPECT_EQ(after(R"("maximum": 10)", R"("maximum": 11)"), "");
  EXPECT_EQ(after(R"(, "maximum": 10)", ""), "");
  EXPECT_EQ(after(R"(["a", "list"])", R"(["a"])"), "");
  EXPECT_EQ(after(R"("type": "integer")", R"("type": "number")"), "") << "an integer is a number";
  EXPECT_EQ(after(R"({"const": 7}])", R"({"const": 7}, {"const": 8}])"), "");
}

TEST(Compatibility, WhatTakesLessIsToldByItsMember) {
  EXPECT_EQ(after(R"("word": {"enum": ["x", "y"], "description": "a word"},)", ""), "/word is gone\n");
  EXPECT_EQ(after(R"(["a", "list"])", R"(["a", "list", "word"])"), "/word is required now\n");
  EXPECT_EQ(after(R"(["x", "y"])", R"(["x"])"), "/word y is not allowed any more\n");
  EXPECT_EQ(after(R"("type": "integer")", R"("type": "string")"), "/a was integer, is string\n");
  EXPECT_EQ(after(R"("maximum": 10)", R"("maximum": 9)"), "/a maximum was 10, is 9\n");
  EXPECT_EQ(after(R"("minLength": 2)", R"("minLength": 3)"), "/text minLength was 2, is 3\n");
  EXPECT_EQ(after(R"("minimum": 0,)", R"("minimum": 0, "exclusiveMaximum": 99,)"),
            "/a exclusiveMaximum was open, is 99\n");
  EXPECT_EQ(after("^[a-z]+$", "^[a-z]*$"), "/text pattern is other than before\n");
}

TEST(Compatibility, InsideListsAndBranches) {
  EXPECT_EQ(after(R"("required": ["n"])", R"("required": ["n", "m"])"),
            "/list/*/m is required now\n/either/m is required now\n");
  EXPECT_NE(after(R"(, {"const": 7}])", "]"), "") << "nothing takes a 7 any more";
}

TEST(Compatibility, AnOpenObjectThatIsClosed) {
  const auto open = json::parse(R"({"type": "object", "properties": {}})");
  const auto closed = json::parse(R"({"type": "object", "properties": {}, "additionalProperties": false})");
  EXPECT_EQ(incompatibilities(*open, *closed).size(), 1U);
  EXPECT_TRUE(incompatibilities(*closed, *open).empty());
}

TEST(Compatibility, WhatIsNoSchemaIsNotCompatible) {
  EXPECT_FALSE(incompatibilities(json::Value("x"), json::Object{}).empty());
  EXPECT_FALSE(incompatibilities(json::Object{}, json::Array{}).empty());
}

TEST(Compatibility, AReferenceToItselfEnds) {
  const auto nested = json::parse(
      R"({"$ref": "#/$defs/x", "$defs": {"x": {"type": "object", "properties": {"in": {"$ref": "#/$defs/x"}}}}})");
  EXPECT_FALSE(incompatibilities(*nested, *nested).empty()) << "too deep to be judged is not judged to be good";
}

TEST(Compatibility, EveryVersionOfTheContractsTakesTheOnesBeforeIt) {
  std::map<std::string_view, std::vector<json::Value>> versions;
  for (const auto& schema : contracts::schema_versions()) {
    auto& earlier = versions[schema.subject];
    earlier.push_back(json::parse(schema.text).value());
    for (const auto& one : earlier) EXPECT_TRUE(incompatibilities(one, earlier.back()).empty()) << schema.reference;
  }
}

}  // namespace
}  // namespace evc::registry_service
