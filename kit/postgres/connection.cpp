#include "kit/postgres/connection.hpp"

#include <algorithm>

#include "kit/base/assert.hpp"
#include "kit/postgres/result_rows.hpp"
#include "kit/postgres/socket.hpp"

namespace evc::postgres {
namespace {

// NAMEDATALEN: the server tells prepared statements apart by no more than this.
constexpr std::size_t kStatementNameLimit = 64;

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

ServerError server_error(const PGresult* result) {
  return {.sqlstate = field(result, PG_DIAG_SQLSTATE),
          .constraint = field(result, PG_DIAG_CONSTRAINT_NAME),
          .message = field(result, PG_DIAG_MESSAGE_PRIMARY),
          .function = field(result, PG_DIAG_SOURCE_FUNCTION)};
}

}  // namespace

Result<void> check_params(const Params& params) {
  const bool has_nul = std::any_of(params.values().begin(), params.values().end(), [](const Params::Value& value) {
    return !value.binary && value.bytes.find('\0') != std::string::npos;
  });
  if (has_nul) return fail(Code::kValidationFailed, "a text with a NUL character");
  return {};
}

struct Connection::Socket : PgSocket {
  using PgSocket::PgSocket;
};

// What was sent and how far its answers have come: per command an optional answer to Parse, then one to Bind/Execute,
// then one Sync for all.
struct Exchange {
  struct Part {
    Statement statement;
    bool prepares = false;
  };
  std::vector<Part> parts;
  std::size_t answered = 0;
  bool synced = false;
  Outcome outcome;
};

Connection::Connection(Worker& worker, std::string conninfo, std::shared_ptr<net::Identity> identity,
                       std::string application_name)
    : conninfo_(std::move(conninfo)),
      identity_(std::move(identity)),
      application_name_(std::move(application_name)),
      socket_(std::make_unique<Socket>(worker)) {}

Connection::~Connection() = default;

Task<Result<void>> Connection::connect(SteadyTime deadline) {
  prepared_.clear();
  running_ = true;
  const auto identity = identity_ ? identity_->current() : nullptr;
  identity_version_ = identity ? identity->version : 0;
  auto connected = co_await socket_->connect(
      {.conninfo = conninfo_, .identity = identity, .application_name = application_name_}, deadline);
  if (!connected) co_return connected;
  if (PQenterPipelineMode(socket_->get()) != 1) co_return fail(Code::kDatabaseUnavailable, "pipeline mode is refused");
  running_ = false;
  co_return Result<void>{};
}

bool Connection::usable() {
  if (running_ || ended_ || !socket_->good()) return false;
  // The server says good-bye before it closes, and to an idle connection it has nothing else to say.
  socket_->take_notice();
  return PQconsumeInput(socket_->get()) == 1 && PQisBusy(socket_->get()) == 0 && !socket_->take_notice() &&
         socket_->good();
}

bool Connection::outdated() const {
  return identity_ && identity_->current()->version != identity_version_;
}

bool Connection::in_transaction() const {
  return socket_->good() && PQtransactionStatus(socket_->get()) != PQTRANS_IDLE;
}

std::function<void()> Connection::canceller() const {
  if (!socket_->good()) return {};
  std::shared_ptr<PGcancel> cancel(PQgetCancel(socket_->get()), PQfreeCancel);
  if (!cancel) return {};
  return [cancel] {
    char reason[256];
    PQcancel(cancel.get(), reason, sizeof reason);  // may come too late; the backend then ends by itself
  };
}

Result<void> Connection::send(const std::vector<Command>& commands, Exchange& exchange) {
  PGconn* pg = socket_->get();
  std::unordered_set<std::string_view> preparing;
  for (const Command& command : commands) {
    const std::string name(command.statement.name);
    EVC_ASSERT(name.size() < kStatementNameLimit);
    if (!prepared_.contains(command.statement.name) && preparing.insert(command.statement.name).second) {
      const std::string sql(command.statement.sql);
      if (PQsendPrepare(pg, name.c_str(), sql.c_str(), 0, nullptr) != 1)
        return fail(Code::kDatabaseUnavailable, last_message(pg));
      exchange.parts.push_back({command.statement, true});
    }
    exchange.parts.push_back({command.statement, false});
    const auto& parameters = command.params.values();
    std::vector<const char*> values(parameters.size());
    std::vector<int> lengths(parameters.size());
    std::vector<int> formats(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      values[i] = parameters[i].null ? nullptr : parameters[i].bytes.c_str();
      lengths[i] = static_cast<int>(parameters[i].bytes.size());
      formats[i] = parameters[i].binary ? 1 : 0;
    }
    if (PQsendQueryPrepared(pg, name.c_str(), static_cast<int>(parameters.size()), values.data(), lengths.data(),
                            formats.data(), 0) != 1) {
      return fail(Code::kDatabaseUnavailable, last_message(pg));
    }
  }
  if (PQpipelineSync(pg) != 1) return fail(Code::kDatabaseUnavailable, last_message(pg));
  return {};
}

// Takes every answer that has arrived.
void Connection::take(Exchange& exchange) {
  PGconn* pg = socket_->get();
  while (!exchange.synced && PQisBusy(pg) == 0) {
    PgResult result(PQgetResult(pg));
    if (!result) {
      ++exchange.answered;  // the end of one command's results
      if (exchange.answered > exchange.parts.size()) return;
      continue;
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) {
      exchange.synced = true;
      PgResult end(PQgetResult(pg));  // takes libpq out of this pipeline
      return;
    }
    if (exchange.answered >= exchange.parts.size() || !socket_->good()) {
      if (!exchange.outcome.error) exchange.outcome.error = server_error(result.get());
      continue;
    }
    const Exchange::Part& part = exchange.parts[exchange.answered];
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      if (part.prepares) {
        prepared_.insert(part.statement.name);
      } else {
        exchange.outcome.rows.emplace_back(std::make_unique<Rows::Impl>(result.release()));
      }
    } else if (status != PGRES_PIPELINE_ABORTED && !exchange.outcome.error) {
      exchange.outcome.error = server_error(result.get());
      exchange.outcome.failed_statement = part.statement.name;
    }
  }
}

Task<Result<void>> Connection::flush_and_wait() {
  const int flushed = PQflush(socket_->get());
  if (flushed < 0) co_return fail(Code::kDatabaseUnavailable, "the connection to the database is lost");
  auto ready = co_await socket_->wait(flushed == 0 ? PgSocket::For::kRead : PgSocket::For::kBoth);
  if (!ready) co_return ready;
  if (PQconsumeInput(socket_->get()) != 1)
    co_return fail(Code::kDatabaseUnavailable, "the connection to the database is lost");
  co_return Result<void>{};
}

Task<Result<Outcome>> Connection::run(std::vector<Command> commands, SteadyTime deadline) {
  for (const Command& command : commands) {
    EVC_CO_CHECK(check_params(command.params));
  }
  if (running_ || ended_ || !socket_->good())
    co_return fail(Code::kDatabaseUnavailable, "the connection to the database is lost");
  Exchange exchange;
  running_ = true;
  if (auto sent = send(commands, exchange); !sent) co_return std::unexpected(std::move(sent).error());
  socket_->arm(deadline);
  while (!exchange.synced) {
    auto arrived = co_await flush_and_wait();
    // A server that ends the connection often says why first.
    take(exchange);
    if (!arrived && !exchange.synced) co_return std::unexpected(std::move(arrived).error());
    if (!exchange.synced && !socket_->good()) {
      co_return fail(Code::kDatabaseUnavailable, exchange.outcome.error ? exchange.outcome.error->sqlstate
                                                                        : "the connection to the database is lost");
    }
  }
  socket_->disarm();
  running_ = false;
  if (exchange.outcome.error && ends_connection(*exchange.outcome.error)) ended_ = true;
  co_return std::move(exchange.outcome);
}

}  // namespace evc::postgres
