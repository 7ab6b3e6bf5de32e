// A database of its own for one component test, made on the server of EVC_TEST_POSTGRES and dropped with everything in
// it by the destructor. Blocking; never linked by a shipped program.
#pragma once

#include <string>
#include <vector>

namespace evc::postgres::testing {

class TestDatabase {
 public:
  // Throws std::runtime_error when EVC_TEST_POSTGRES is not set (see tools/testenv) or the server refuses.
  TestDatabase();
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& name() const { return name_; }
  const std::string& conninfo() const { return conninfo_; }
  // Applies a folder of migrations, relative to the root of the source tree (where ctest starts the tests).
  void migrate(const std::string& folder);
  // Any SQL, several statements allowed; the last result as text, NULL as "NULL". Throws on an error.
  std::vector<std::vector<std::string>> query(const std::string& sql) const;
  // The only column of the only row.
  std::string value(const std::string& sql) const;

 private:
  std::string server_;
  std::string name_;
  std::string conninfo_;
};

// SQL on any database, as above.
std::vector<std::vector<std::string>> query(const std::string& conninfo, const std::string& sql);

}  // namespace evc::postgres::testing
