// What stands in a test's database, for tests that say that something changes nothing.
#pragma once

#include <set>
#include <string>

#include "kit/postgres/testing/test_database.hpp"

namespace evc::messaging::testing {

// A line with a digest for each table but those left out: whoever compares two sees which table differs.
std::string state_of(const postgres::testing::TestDatabase& database, const std::set<std::string>& left_out = {});

}  // namespace evc::messaging::testing
