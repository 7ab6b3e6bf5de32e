// Tables payment, provider_webhook, closed_reference and reconciliation_case. Functions take the caller's transaction;
// what the change of a payment needs is locked first, by find_for_update().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "services/payment/domain/cases.hpp"
#include "services/payment/domain/payment.hpp"

namespace evc::payment::store {

// False when the reference exists already (then nothing was written).
Task<Result<bool>> insert(RequestContext& context, postgres::Transaction& transaction, const Payment& payment);
// The statement that writes all that can change, for a batch.
std::pair<postgres::Statement, postgres::Params> update(const Payment& payment);
std::pair<postgres::Statement, postgres::Params> open_case(const Payment& payment, CaseKind kind,
                                                           std::string_view trace_id);

// Each row lock is held until the transaction ends.
Task<Result<std::optional<Payment>>> find_for_update(RequestContext& context, postgres::Transaction& transaction,
                                                     std::string reference);
Task<Result<std::optional<Payment>>> find_for_update(RequestContext& context, postgres::Transaction& transaction,
                                                     Uuid id);
Task<Result<std::optional<Payment>>> find(RequestContext& context, postgres::Pool& pool, std::string reference);
Task<Result<std::optional<Payment>>> find(RequestContext& context, postgres::Pool& pool, Uuid id);
Task<Result<std::optional<Payment>>> find_of_driver(RequestContext& context, postgres::Pool& pool, std::string puid,
                                                    Uuid id);
// Newest first, at most 50.
Task<Result<std::vector<Payment>>> of_session(RequestContext& context, postgres::Pool& pool, Uuid session_id);

struct Page {
  std::string puid;
  std::optional<Uuid> session_id;
  std::optional<std::pair<WallTime, Uuid>> after;  // the last one of the page before
  std::int64_t limit = 50;
};
// Newest first; one more than `limit` when there are more.
Task<Result<std::vector<Payment>>> list(RequestContext& context, postgres::Pool& pool, Page page);
// Of a driver: payments whose outcome is open, refunds that are not decided or not known, cases that nobody has closed.
Task<Result<std::int64_t>> count_open(RequestContext& context, postgres::Pool& pool, std::string puid);
// Authorised holds whose time ended before `now`, at most 100.
Task<Result<std::vector<Uuid>>> expired_holds(RequestContext& context, postgres::Pool& pool, WallTime now);

// False when this message was taken before.
Task<Result<bool>> take_webhook(RequestContext& context, postgres::Transaction& transaction, std::string webhook_id,
                                std::string reference, std::string type);
// First in every transaction that makes or closes a reference: neither would see what the other has not committed yet.
Task<Result<void>> lock_reference(RequestContext& context, postgres::Transaction& transaction, std::string reference);
Task<Result<void>> close_reference(RequestContext& context, postgres::Transaction& transaction, std::string reference);
Task<Result<bool>> reference_closed(RequestContext& context, postgres::Transaction& transaction, std::string reference);

struct Figures {
  std::int64_t imbalance = 0;  // of the ledger: 0, always
  std::int64_t open_cases = 0;
  std::int64_t overdue_jobs = 0;
  std::vector<std::pair<std::string, std::int64_t>>
      payments_by_state;  // those of the last day, and all that are not final
  struct Money {
    std::string currency;
    std::int64_t held = 0;  // and neither captured nor released yet
    std::int64_t captured = 0;
    std::int64_t released = 0;
    std::int64_t receivable = 0;
    std::int64_t refunded = 0;
  };
  std::vector<Money> money;  // of the same payments, in minor units
};
Task<Result<Figures>> figures(RequestContext& context, postgres::Pool& pool);
Task<Result<std::int64_t>> broken_links(RequestContext& context, postgres::Pool& pool);

}  // namespace evc::payment::store
