#include "kit/messaging/testing/database_state.hpp"

namespace evc::messaging::testing {

std::string state_of(const postgres::testing::TestDatabase& database, const std::set<std::string>& left_out) {
  std::string state;
  for (const auto& row : database.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
                                        "AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname")) {
    const auto& table = row[0];
    if (left_out.contains(table)) continue;
    state += table + " " +
             database.value(
                 "SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, ';' ORDER BY t::text), '')) "
                 "FROM \"" +
                 table + "\" t") +
             "\n";
  }
  return state;
}

}  // namespace evc::messaging::testing
