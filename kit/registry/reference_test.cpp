#include "kit/registry/reference.hpp"

#include <gtest/gtest.h>

#include "contracts/event_schemas.hpp"

namespace evc::registry {
namespace {

TEST(Reference, EverySchemaOfTheContractsIsOne) {
  std::size_t count = 0;
  for (const auto& schema : contracts::schema_versions()) {
    const auto reference = parse_reference(schema.reference);
    ASSERT_TRUE(reference) << schema.reference;
    EXPECT_EQ(*reference, (Reference{.subject = std::string(schema.subject), .version = schema.version}));
    EXPECT_EQ(to_string(*reference), schema.reference);
    ++count;
  }
  EXPECT_GT(count, 16U);
}

TEST(Reference, NothingElse) {
  for (const char* text :
       {"", "urn:evcosta:schema:", "urn:evcosta:schema:charging.events-Ended", "urn:evcosta:schema:charging.events:1",
        "urn:evcosta:schema:charging.events-Ended:0", "urn:evcosta:schema:charging.events-Ended:01",
        "urn:evcosta:schema:charging.events-Ended:x",
        "urn:evcosta:schema:charging.events-Ended:", "urn:evcosta:schema:charging.events-Ended:99999999999",
        "urn:evcosta:schema:a/../b-C:1", "urn:evcosta:schema:a b-C:1", "urn:evcosta:schema:-C:1",
        "urn:evcosta:schema:c-:1", "https://example.org/schema/1"}) {
    const auto reference = parse_reference(text);
    ASSERT_FALSE(reference) << text;
    EXPECT_EQ(reference.error().code, Code::kValidationFailed) << text;
  }
}

}  // namespace
}  // namespace evc::registry
