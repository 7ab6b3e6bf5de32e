#include "kit/postgres/testing/test_database.hpp"

#include <libpq-fe.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "kit/base/bytes.hpp"
#include "kit/postgres/migrations.hpp"

namespace evc::postgres::testing {
namespace {

std::string server_from_environment() {
  const char* conninfo = std::getenv("EVC_TEST_POSTGRES");
  if (conninfo == nullptr) throw std::runtime_error("EVC_TEST_POSTGRES is not set: run the tests by tools/testenv");
  return conninfo;
}

}  // namespace

std::vector<std::vector<std::string>> query(const std::string& conninfo, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(conninfo.c_str()), PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
  PQsetNoticeReceiver(connection.get(), [](void*, const PGresult*) {}, nullptr);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(PQerrorMessage(connection.get()));
  std::vector<std::vector<std::string>> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    auto& fields = rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      fields.emplace_back(PQgetisnull(result.get(), row, column) == 1 ? "NULL" : PQgetvalue(result.get(), row, column));
    }
  }
  return rows;
}

TestDatabase::TestDatabase()
    : server_(server_from_environment()),
      name_("test_" + hex_encode(random_bytes(8))),
      conninfo_(server_ + " dbname=" + name_) {
  testing::query(server_, "CREATE DATABASE " + name_);
}

TestDatabase::~TestDatabase() {
  try {
    // A slot holds the database; its reader has ended with the test.
    testing::query(server_, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '" +
                                name_ + "' AND active");
    for (const auto& slot :
         testing::query(server_, "SELECT slot_name FROM pg_replication_slots WHERE database = '" + name_ + "'")) {
      testing::query(conninfo_, "SELECT pg_drop_replication_slot('" + slot[0] + "')");
    }
    testing::query(server_, "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
  } catch (const std::exception&) {
    // The server may be gone, which the test has seen already; nothing outlives the private server anyway.
  }
}

void TestDatabase::migrate(const std::string& folder) {
  postgres::migrate(conninfo_, folder);
}

std::vector<std::vector<std::string>> TestDatabase::query(const std::string& sql) const {
  return testing::query(conninfo_, sql);
}

std::string TestDatabase::value(const std::string& sql) const {
  const auto rows = query(sql);
  if (rows.size() != 1 || rows[0].size() != 1) throw std::runtime_error("not one value: " + sql);
  return rows[0][0];
}

}  // namespace evc::postgres::testing
