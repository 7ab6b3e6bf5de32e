#include "kit/postgres/socket.hpp"

#include <poll.h>

#include <boost/asio/as_tuple.hpp>

#include "kit/runtime/one_shot.hpp"

namespace evc::postgres {
namespace {

using Descriptor = boost::asio::posix::descriptor_base;

std::unexpected<Error> lost(const char* what) {
  return fail(Code::kDatabaseUnavailable, what);
}

}  // namespace

std::string last_message(PGconn* connection) {
  std::string text = PQerrorMessage(connection);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

void PgSocket::close() {
  alarm_.disarm();
  if (descriptor_.is_open()) descriptor_.release();  // ends waits; the descriptor itself is libpq's to close
  if (connection_ != nullptr) PQfinish(connection_);
  connection_ = nullptr;
}

void PgSocket::arm(SteadyTime deadline) {
  timed_out_ = false;
  if (deadline == SteadyTime::max()) return alarm_.disarm();
  alarm_ = worker_.wheel().arm(deadline, [this] {
    timed_out_ = true;
    if (descriptor_.is_open()) descriptor_.cancel();
  });
}

bool PgSocket::readable() const {
  pollfd probe{.fd = PQsocket(connection_), .events = POLLIN, .revents = 0};
  return probe.fd >= 0 && ::poll(&probe, 1, 0) == 1;
}

Result<void> PgSocket::watch() {
  const int fd = PQsocket(connection_);
  if (fd < 0) return lost("the connection to the database is closed");
  if (descriptor_.is_open() && descriptor_.native_handle() == fd) return {};
  if (descriptor_.is_open()) descriptor_.release();
  boost::system::error_code error;
  descriptor_.assign(fd, error);
  if (error) return lost("the database's socket cannot be watched");
  return {};
}

Task<Result<void>> PgSocket::wait(For what) {
  if (timed_out_) co_return lost("the database did not answer in time");
  if (auto watched = watch(); !watched) co_return std::unexpected(std::move(watched).error());
  if (what == For::kBoth) co_return co_await wait_both();
  const auto [error] = co_await descriptor_.async_wait(
      what == For::kRead ? Descriptor::wait_read : Descriptor::wait_write, boost::asio::as_tuple(use_task));
  if (timed_out_) co_return lost("the database did not answer in time");
  if (error) co_return lost("waiting for the database was given up");
  co_return Result<void>{};
}

// Only while libpq's output is stuck: answers must be read meanwhile, or both sides wait for each other.
Task<Result<void>> PgSocket::wait_both() {
  auto ready = std::make_shared<OneShot<bool>>(worker_.executor());
  descriptor_.async_wait(Descriptor::wait_read, [ready](boost::system::error_code error) { ready->deliver(!error); });
  descriptor_.async_wait(Descriptor::wait_write, [ready](boost::system::error_code error) { ready->deliver(!error); });
  const auto outcome = co_await OneShot<bool>::wait(ready);
  if (descriptor_.is_open()) descriptor_.cancel();
  if (timed_out_) co_return lost("the database did not answer in time");
  if (!outcome.value_or(false)) co_return lost("waiting for the database was given up");
  co_return Result<void>{};
}

Task<Result<void>> PgSocket::connect(PgTarget target, SteadyTime deadline) {
  close();
  // A vanished client must not hold row locks for ever, and times are exchanged in one form.
  std::string server_options = "-c timezone=UTC -c datestyle=ISO -c idle_in_transaction_session_timeout=60000";
  if (!target.replication.empty()) server_options = "-c timezone=UTC -c datestyle=ISO";
  std::vector<const char*> keywords{"dbname", "client_encoding", "options", "fallback_application_name"};
  std::vector<const char*> values{target.conninfo.c_str(), "UTF8", server_options.c_str(),
                                  target.application_name.c_str()};
  const auto add = [&](const char* keyword, const std::string& value) {
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  };
  if (!target.replication.empty()) add("replication", target.replication);
  if (target.identity) {
    add("sslrootcert", target.identity->files.ca);
    add("sslcert", target.identity->files.certificate);
    add("sslkey", target.identity->files.key);
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = PQconnectStartParams(keywords.data(), values.data(), 1);
  if (connection_ == nullptr) co_return lost("no memory for a database connection");
  if (PQstatus(connection_) == CONNECTION_BAD) co_return fail(Code::kDatabaseUnavailable, last_message(connection_));
  PQsetNoticeReceiver(
      connection_, [](void* noticed, const PGresult*) { *static_cast<bool*>(noticed) = true; }, &noticed_);
  arm(deadline);
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    auto ready = co_await wait(status == PGRES_POLLING_READING ? For::kRead : For::kWrite);
    if (!ready) co_return std::unexpected(std::move(ready).error());
    // While it connects, libpq may open another socket under the same number: never trust the one that was watched.
    if (descriptor_.is_open()) descriptor_.release();
    status = PQconnectPoll(connection_);
  }
  disarm();
  if (status != PGRES_POLLING_OK) co_return fail(Code::kDatabaseUnavailable, last_message(connection_));
  PQsetnonblocking(connection_, 1);
  co_return Result<void>{};
}

}  // namespace evc::postgres
