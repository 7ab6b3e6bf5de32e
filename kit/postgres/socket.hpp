// libpq's connection object and its file descriptor on Asio. libpq owns the descriptor and may change it while it
// connects, so watch() looks every time. Private to kit/postgres.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <utility>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "kit/base/result.hpp"
#include "kit/net/identity.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::postgres {

// Where to connect, and as whom.
struct PgTarget {
  std::string conninfo;
  std::shared_ptr<const net::IdentityState> identity;  // null: the files that conninfo names
  std::string application_name;
  std::string replication;  // libpq's keyword; empty: an ordinary session
};

class PgSocket {
 public:
  explicit PgSocket(Worker& worker) : worker_(worker), descriptor_(worker.executor()) {}
  ~PgSocket() { close(); }
  PgSocket(const PgSocket&) = delete;
  PgSocket& operator=(const PgSocket&) = delete;

  // Keywords are added after conninfo's own. Non-blocking when it returns.
  Task<Result<void>> connect(PgTarget target, SteadyTime deadline);
  enum class For { kRead, kWrite, kBoth };
  // database-unavailable at the deadline that arm() set, when cancelled, or when the socket is gone.
  Task<Result<void>> wait(For what);
  // From now until disarm() (or the next arm) every wait() ends at the deadline.
  void arm(SteadyTime deadline);
  void disarm() { alarm_.disarm(); }
  bool timed_out() const { return timed_out_; }

  // Something has arrived that libpq has not taken yet.
  bool readable() const;

  PGconn* get() const { return connection_; }
  // The server said something out of turn since the last call. A session that is being ended is told so in this way.
  bool take_notice() { return std::exchange(noticed_, false); }
  bool good() const { return connection_ != nullptr && PQstatus(connection_) == CONNECTION_OK; }
  void close();

 private:
  Result<void> watch();
  Task<Result<void>> wait_both();

  Worker& worker_;
  PGconn* connection_ = nullptr;
  boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
  DeadlineWheel::Handle alarm_;
  bool timed_out_ = false;
  bool noticed_ = false;
};

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ResultDeleter>;

// libpq's message without its trailing newline.
std::string last_message(PGconn* connection);

}  // namespace evc::postgres
