#include "kit/postgres/replication.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kit/postgres/byte_reader.hpp"
#include "kit/postgres/pgoutput.hpp"
#include "kit/postgres/socket.hpp"
#include "kit/postgres/sqlstate.hpp"

namespace evc::postgres {
namespace {

// Well below wal_sender_timeout (10 s): the server must hear from us also while the caller is busy with a batch.
constexpr std::chrono::milliseconds kFeedbackInterval{2'000};

std::unexpected<Error> lost(const char* what) {
  return fail(Code::kDatabaseUnavailable, what);
}

std::string big_endian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xff);
  return bytes;
}

// Names of ours only; still never a way out of the quotes.
std::string in_quotes(const std::string& text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result += quote;
    result += c;
  }
  return result += quote;
}

}  // namespace

std::string format_lsn(Lsn lsn) {
  return fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xffffffffU);
}

struct ReplicationStream::Impl : std::enable_shared_from_this<ReplicationStream::Impl> {
  Impl(Worker& w, ReplicationOptions o) : worker(w), options(std::move(o)), socket(w) {}

  Worker& worker;
  ReplicationOptions options;
  PgSocket socket;
  PgoutputDecoder decoder;
  DeadlineWheel::Handle ticker;
  bool streaming = false;
  Lsn received = 0;   // all that the server has sent up to here was seen
  Lsn delivered = 0;  // end of the last batch that next() gave out
  Lsn confirmed = 0;
  std::uint64_t identity_version = 0;

  Task<Result<PgResult>> command(std::string sql);
  Task<Result<void>> ensure_slot();
  Task<Result<void>> start();
  void send_feedback();
  void tick();
  void advance_when_idle(Lsn lsn);
  Result<std::optional<CommittedBatch>> take(std::string_view message);
  void close();
};

Task<Result<PgResult>> ReplicationStream::Impl::command(std::string sql) {
  PGconn* pg = socket.get();
  if (PQsendQuery(pg, sql.c_str()) != 1) co_return lost("the replication connection is lost");
  while (PQflush(pg) == 1) EVC_CO_CHECK(co_await socket.wait(PgSocket::For::kWrite));
  PgResult last;
  while (true) {
    while (PQisBusy(pg) == 1) {
      EVC_CO_CHECK(co_await socket.wait(PgSocket::For::kRead));
      if (PQconsumeInput(pg) != 1) co_return lost("the replication connection is lost");
    }
    PgResult result(PQgetResult(pg));
    if (!result) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR) {
      const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
      co_return std::unexpected(to_error({.sqlstate = state == nullptr ? "" : state}, "replication"));
    }
    last = std::move(result);
    if (status == PGRES_COPY_BOTH) break;
  }
  if (!last) co_return lost("the server gave no answer to a replication command");
  co_return last;
}

Task<Result<void>> ReplicationStream::Impl::ensure_slot() {
  auto known = co_await command("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = " +
                                in_quotes(options.slot, '\''));
  if (!known) co_return std::unexpected(std::move(known).error());
  if (PQntuples(known->get()) == 0) {
    auto created = co_await command("CREATE_REPLICATION_SLOT " + in_quotes(options.slot, '"') +
                                    " LOGICAL pgoutput NOEXPORT_SNAPSHOT");
    if (!created) co_return std::unexpected(std::move(created).error());
  }
  co_return Result<void>{};
}

Task<Result<void>> ReplicationStream::Impl::start() {
  // 0/0: from where the slot was confirmed.
  auto started = co_await command("START_REPLICATION SLOT " + in_quotes(options.slot, '"') +
                                  " LOGICAL 0/0 (proto_version '1', publication_names " +
                                  in_quotes(in_quotes(options.publication, '"'), '\'') + ")");
  if (!started) co_return std::unexpected(std::move(started).error());
  if (PQresultStatus(started->get()) != PGRES_COPY_BOTH)
    co_return fail(Code::kProtocolError, "replication did not start");
  streaming = true;
  co_return Result<void>{};
}

void ReplicationStream::Impl::send_feedback() {
  if (!streaming) return;
  std::string message = "r";
  message += big_endian(std::max(received, confirmed));  // written
  message += big_endian(confirmed);                      // flushed: what moves the slot
  message += big_endian(confirmed);                      // applied
  message += big_endian(static_cast<std::uint64_t>(
      to_postgres_time(std::chrono::time_point_cast<std::chrono::microseconds>(system_clock().wall()))));
  message += '\0';  // no answer wanted
  // A full or broken socket shows itself at the next read.
  if (PQputCopyData(socket.get(), message.data(), static_cast<int>(message.size())) == 1) PQflush(socket.get());
}

void ReplicationStream::Impl::tick() {
  if (!streaming) return;
  send_feedback();
  ticker = worker.wheel().arm(std::chrono::steady_clock::now() + kFeedbackInterval, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tick();
  });
}

// The server may forget WAL that held nothing for us, once all that it did hold is confirmed.
void ReplicationStream::Impl::advance_when_idle(Lsn lsn) {
  if (!decoder.in_transaction() && confirmed >= delivered && lsn > confirmed) confirmed = lsn;
}

Result<std::optional<CommittedBatch>> ReplicationStream::Impl::take(std::string_view message) {
  ByteReader in(message);
  const char kind = in.character();
  if (kind == 'k') {
    const Lsn end = in.u64();
    in.u64();  // the server's clock
    const bool wants_answer = in.character() != '\0';
    if (!in.good()) return fail(Code::kProtocolError, "a keep-alive is cut short");
    received = std::max(received, end);
    advance_when_idle(end);
    if (wants_answer) send_feedback();
    return std::nullopt;
  }
  if (kind != 'w') return fail(Code::kProtocolError, "an unknown replication message");
  in.u64();  // start of this piece of WAL
  in.u64();  // its current end, which keep-alives repeat when all before was sent
  in.u64();  // the server's clock
  if (!in.good()) return fail(Code::kProtocolError, "a WAL message is cut short");
  EVC_TRY(step, decoder.feed(in.bytes(in.remaining())));
  if (!step.batch) return std::nullopt;
  received = std::max(received, step.batch->end_lsn);
  if (step.batch->rows.empty()) {
    advance_when_idle(step.batch->end_lsn);
    return std::nullopt;
  }
  delivered = step.batch->end_lsn;
  return std::move(step.batch);
}

void ReplicationStream::Impl::close() {
  ticker.disarm();
  streaming = false;
  socket.close();
}

ReplicationStream::ReplicationStream(Worker& worker, ReplicationOptions options)
    : impl_(std::make_shared<Impl>(worker, std::move(options))) {}
ReplicationStream::~ReplicationStream() {
  impl_->close();
}
void ReplicationStream::close() {
  impl_->close();
}
Lsn ReplicationStream::confirmed() const {
  return impl_->confirmed;
}

bool ReplicationStream::outdated() const {
  const auto& identity = impl_->options.identity;
  return identity && impl_->streaming && identity->current()->version != impl_->identity_version;
}

Task<Result<void>> ReplicationStream::open(SteadyTime deadline) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->close();
  impl->decoder = {};
  impl->received = impl->delivered = 0;
  const auto identity = impl->options.identity ? impl->options.identity->current() : nullptr;
  impl->identity_version = identity ? identity->version : 0;
  auto opened = co_await impl->socket.connect({.conninfo = impl->options.conninfo,
                                               .identity = identity,
                                               .application_name = "relay",
                                               .replication = "database"},
                                              deadline);
  if (opened) {
    impl->socket.arm(deadline);
    opened = co_await impl->ensure_slot();
  }
  if (opened) opened = co_await impl->start();
  if (!opened) {
    impl->close();
    co_return opened;
  }
  impl->socket.disarm();
  impl->tick();
  co_return Result<void>{};
}

Task<Result<std::optional<CommittedBatch>>> ReplicationStream::next(std::chrono::milliseconds wait) {
  const std::shared_ptr<Impl> impl = impl_;
  const SteadyTime until = std::chrono::steady_clock::now() + wait;
  while (impl->streaming) {
    char* raw = nullptr;
    const int length = PQgetCopyData(impl->socket.get(), &raw, 1);
    if (length > 0) {
      const std::unique_ptr<char, decltype(&PQfreemem)> buffer(raw, PQfreemem);
      auto taken = impl->take({raw, static_cast<std::size_t>(length)});
      if (!taken) impl->close();
      if (!taken || *taken) co_return taken;
      continue;
    }
    if (length < 0) {
      impl->close();
      co_return lost("the replication stream has ended");
    }
    // Under TLS one read brings one message of the server: who will not wait still gets what has arrived.
    bool ready = impl->socket.readable();
    if (!ready) {
      if (std::chrono::steady_clock::now() >= until) co_return std::optional<CommittedBatch>{};
      impl->socket.arm(until);
      const auto waited = co_await impl->socket.wait(PgSocket::For::kRead);
      const bool timed_out = impl->socket.timed_out();
      impl->socket.disarm();
      if (timed_out) co_return std::optional<CommittedBatch>{};
      ready = waited.has_value();
    }
    if (!ready || PQconsumeInput(impl->socket.get()) != 1) {
      impl->close();
      co_return lost("the replication connection is lost");
    }
  }
  co_return lost("the replication stream is not open");
}

void ReplicationStream::confirm(Lsn end_lsn) {
  if (end_lsn <= impl_->confirmed) return;
  impl_->confirmed = end_lsn;
  impl_->send_feedback();
}

}  // namespace evc::postgres
