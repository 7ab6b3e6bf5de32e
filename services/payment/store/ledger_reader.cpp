#include "services/payment/store/ledger_reader.hpp"

namespace evc::payment::store {
namespace {

constexpr postgres::Statement kOfSession{
    "ledger.of session",
    "SELECT t.position, t.kind, d.code, c.code, t.amount, t.currency, t.created_at FROM transfer t "
    "JOIN account d ON d.id = t.debit JOIN account c ON c.id = t.credit WHERE t.session_id = $1 "
    "ORDER BY t.position LIMIT 200"};

}  // namespace

Task<Result<std::vector<TransferRow>>> transfers_of_session(RequestContext& context, postgres::Pool& pool,
                                                            Uuid session_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOfSession, postgres::Params(session_id)));
  std::vector<TransferRow> transfers;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EVC_CO_TRY(currency, Currency::parse(rows.text(i, 5)));
    transfers.push_back({.position = rows.get<std::int64_t>(i, 0),
                         .kind = rows.get<std::string>(i, 1),
                         .debit = rows.get<std::string>(i, 2),
                         .credit = rows.get<std::string>(i, 3),
                         .amount = {rows.get<std::int64_t>(i, 4), currency},
                         .at = rows.get<WallTime>(i, 6)});
  }
  co_return transfers;
}

}  // namespace evc::payment::store
