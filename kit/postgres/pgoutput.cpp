#include "kit/postgres/pgoutput.hpp"

#include "kit/postgres/byte_reader.hpp"

namespace evc::postgres {
namespace {

constexpr std::chrono::microseconds kPostgresEpoch =
    std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}.time_since_epoch();

std::unexpected<Error> cut_short(std::string_view what) {
  return fail(Code::kProtocolError, "pgoutput: cut short: " + std::string(what));
}

}  // namespace

Result<WallTime> from_postgres_time(std::int64_t microseconds) {
  const std::chrono::microseconds since_2000{microseconds};
  if (since_2000 > std::chrono::microseconds::max() - kPostgresEpoch)
    return fail(Code::kProtocolError, "pgoutput: a time that lies too far in the future");
  return WallTime{kPostgresEpoch + since_2000};
}
std::int64_t to_postgres_time(WallTime time) {
  return (time.time_since_epoch() - kPostgresEpoch).count();
}

Result<PgoutputDecoder::Step> PgoutputDecoder::feed(std::string_view message) {
  if (message.empty()) return cut_short("empty message");
  const std::string_view body = message.substr(1);
  switch (message.front()) {
    case 'B':
      if (in_transaction_) return fail(Code::kProtocolError, "pgoutput: a transaction begins inside another");
      current_ = {};
      in_transaction_ = true;
      return Step{};
    case 'R':
      EVC_CHECK(relation(body));
      return Step{};
    case 'I':
      EVC_CHECK(insert(body));
      return Step{};
    case 'C':
      return commit(body);
    // Update, delete, truncate, type, origin, logical message: nothing that a publication of inserts has to say.
    case 'U':
    case 'D':
    case 'T':
    case 'Y':
    case 'O':
    case 'M':
      return Step{};
    default:
      return fail(Code::kProtocolError, "pgoutput: unknown message");
  }
}

Result<void> PgoutputDecoder::relation(std::string_view body) {
  ByteReader in(body);
  const auto id = in.u32();
  const auto name_space = in.c_string();
  const auto name = in.c_string();
  if (!in.good()) return cut_short("relation");
  relations_[id] = (name_space.empty() ? "pg_catalog" : std::string(name_space)) + "." + std::string(name);
  return {};
}

Result<void> PgoutputDecoder::insert(std::string_view body) {
  if (!in_transaction_) return fail(Code::kProtocolError, "pgoutput: an insert outside of a transaction");
  ByteReader in(body);
  const auto known = relations_.find(in.u32());
  const char kind = in.character();
  const std::uint16_t columns = in.u16();
  if (!in.good()) return cut_short("insert");
  if (known == relations_.end() || kind != 'N')
    return fail(Code::kProtocolError, "pgoutput: an insert of an unknown relation or form");
  InsertedRow row{.relation = known->second, .columns = {}};
  row.columns.reserve(columns);
  for (std::uint16_t column = 0; column < columns; ++column) {
    switch (in.character()) {
      case 'n':
        row.columns.emplace_back(std::nullopt);
        break;
      case 't': {
        const std::uint32_t length = in.u32();
        row.columns.emplace_back(std::string(in.bytes(length)));
        break;
      }
      default:
        return fail(Code::kProtocolError, "pgoutput: a column that is neither null nor text");
    }
    if (!in.good()) return cut_short("column");
  }
  current_.rows.push_back(std::move(row));
  return {};
}

Result<PgoutputDecoder::Step> PgoutputDecoder::commit(std::string_view body) {
  if (!in_transaction_) return fail(Code::kProtocolError, "pgoutput: a commit outside of a transaction");
  ByteReader in(body);
  in.character();  // flags, unused
  current_.commit_lsn = in.u64();
  current_.end_lsn = in.u64();
  const auto committed_at = static_cast<std::int64_t>(in.u64());
  if (!in.good()) return cut_short("commit");
  EVC_TRY(time, from_postgres_time(committed_at));
  current_.committed_at = time;
  in_transaction_ = false;
  return Step{.batch = std::exchange(current_, {})};
}

}  // namespace evc::postgres
