#include "kit/postgres/migrations.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "kit/base/bytes.hpp"

namespace evc::postgres {
namespace {

// Any constant will do, as long as every instance takes the same one.
constexpr const char* kLock = "SELECT pg_advisory_lock(7301938847120)";
constexpr const char* kTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz "
    "NOT NULL DEFAULT now())";

struct File {
  std::string name;  // as recorded: set/NNNN_what.sql
  std::string sql;
  std::string sha256;
};

[[noreturn]] void refuse(const std::string& file, const std::string& reason) {
  throw std::runtime_error("migration " + file + ": " + reason);
}

std::vector<File> read_files(const std::filesystem::path& folder) {
  static const std::regex kName("[0-9]{4}_[a-z0-9_]+\\.sql");
  if (!std::filesystem::is_directory(folder)) refuse(folder.string(), "there is no such folder");
  // "kit/messaging/migrations" → "messaging": one database may hold several sets, each with its own numbers.
  const std::string set = std::filesystem::weakly_canonical(folder).parent_path().filename().string();
  std::vector<File> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".sql") continue;
    if (!std::regex_match(name, kName)) refuse(name, "the name is not NNNN_what.sql");
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) refuse(name, "it cannot be read");
    const std::string sql = text.str();
    files.push_back({.name = set + "/" + name, .sql = sql, .sha256 = hex_encode(view(sha256(sql)))});
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < files.size(); ++i) {
    if (files[i].name.substr(0, set.size() + 5) == files[i - 1].name.substr(0, set.size() + 5))
      refuse(files[i].name, "its number is used twice");
  }
  return files;
}

class Session {
 public:
  explicit Session(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str()), PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK)
      throw std::runtime_error(std::string("migrations: ") + PQerrorMessage(connection_.get()));
    PQsetNoticeReceiver(connection_.get(), [](void*, const PGresult*) {}, nullptr);
  }

  using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
  Result run(const std::string& file, const std::string& sql) {
    return check(file, PQexec(connection_.get(), sql.c_str()));
  }
  Result run(const std::string& file, const char* sql, const std::vector<std::string>& values) {
    std::vector<const char*> pointers;
    for (const std::string& value : values) pointers.push_back(value.c_str());
    return check(file, PQexecParams(connection_.get(), sql, static_cast<int>(pointers.size()), nullptr, pointers.data(),
                                    nullptr, nullptr, 0));
  }

 private:
  Result check(const std::string& file, PGresult* raw) {
    Result result(raw, PQclear);
    const ExecStatusType status = PQresultStatus(raw);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) refuse(file, PQerrorMessage(connection_.get()));
    return result;
  }

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

}  // namespace

int migrate(const std::string& conninfo, const std::string& folder) {
  const std::vector<File> files = read_files(folder);
  Session session(conninfo);
  session.run("start", kLock);  // released when the session ends
  session.run("start", kTable);
  int applied = 0;
  for (const File& file : files) {
    const auto known = session.run(file.name, "SELECT sha256 FROM schema_migrations WHERE name = $1", {file.name});
    if (PQntuples(known.get()) == 1) {
      if (PQgetvalue(known.get(), 0, 0) != file.sha256) refuse(file.name, "it was changed after it was applied");
      continue;
    }
    session.run(file.name, "BEGIN");
    session.run(file.name, file.sql);
    session.run(file.name, "INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)", {file.name, file.sha256});
    session.run(file.name, "COMMIT");
    ++applied;
  }
  return applied;
}

}  // namespace evc::postgres
