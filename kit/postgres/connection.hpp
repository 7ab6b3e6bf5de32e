// One libpq connection in non-blocking pipeline mode on Asio. run() sends any number of statements in one round trip
// and prepares each statement once. Private to kit/postgres. Lives on one worker; one run() at a time. When a run() is
// left early (deadline, cancelled coroutine, broken protocol) the connection is not usable() any more, because answers
// are still on their way.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "kit/net/identity.hpp"
#include "kit/postgres/sqlstate.hpp"
#include "kit/postgres/statement.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::postgres {

struct Command {
  Statement statement;
  Params params;
};

// The server's answer to a run(): rows of the commands that were done, in order, and the error that stopped the rest.
struct Outcome {
  std::vector<Rows> rows;
  std::optional<ServerError> error;
  std::string_view failed_statement;
};

struct Exchange;

// validation-failed for a text with a NUL: it would end the parameter early, and PostgreSQL has no such text.
Result<void> check_params(const Params& params);

class Connection {
 public:
  Connection(Worker& worker, std::string conninfo, std::shared_ptr<net::Identity> identity,
             std::string application_name);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // database-unavailable with the reason, without the connection string.
  Task<Result<void>> connect(SteadyTime deadline);
  // An error means that the connection is lost or the deadline passed; what the server refused is in the Outcome.
  Task<Result<Outcome>> run(std::vector<Command> commands, SteadyTime deadline);

  // Nothing is on its way and the server has not hung up (asks the socket: about 1 µs).
  bool usable();
  // The certificate was renewed since it connected.
  bool outdated() const;
  // Between BEGIN and its end, also after a failure inside.
  bool in_transaction() const;
  // Asks the server to stop what this connection runs; blocking, so for a thread that may wait. Empty when there is no
  // connection. The function outlives the connection.
  std::function<void()> canceller() const;
  // True while a run() was begun and not finished.
  bool interrupted() const { return running_; }

  struct Socket;

 private:
  Task<Result<void>> flush_and_wait();
  Result<void> send(const std::vector<Command>& commands, Exchange& exchange);
  void take(Exchange& exchange);

  std::string conninfo_;
  std::shared_ptr<net::Identity> identity_;
  std::string application_name_;
  std::uint64_t identity_version_ = 0;
  std::unique_ptr<Socket> socket_;
  std::unordered_set<std::string_view> prepared_;
  bool running_ = false;
  bool ended_ = false;
};

}  // namespace evc::postgres
