// Table refund. Changes happen under the lock of the payment's row, which the caller takes first.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "services/payment/domain/payment.hpp"
#include "services/payment/domain/refund.hpp"

namespace evc::payment::store {

Task<Result<void>> insert_refund(RequestContext& context, postgres::Transaction& transaction, Refund refund);
// The statement that writes what can change, for a batch.
std::pair<postgres::Statement, postgres::Params> update_refund(const Refund& refund);

// All of a payment, in the order of their numbers.
Task<Result<std::vector<Refund>>> refunds_of(RequestContext& context, postgres::Transaction& transaction,
                                             Uuid payment_id);
Task<Result<std::vector<Refund>>> refunds_of(RequestContext& context, postgres::Pool& pool, Uuid payment_id);
Task<Result<std::optional<Refund>>> find_refund(RequestContext& context, postgres::Pool& pool, Uuid id);
// The approved one whose outcome is open.
Task<Result<std::optional<Refund>>> running_refund(RequestContext& context, postgres::Pool& pool, Uuid payment_id);
Task<Result<std::optional<Refund>>> running_refund(RequestContext& context, postgres::Transaction& transaction,
                                                   Uuid payment_id);

struct RefundPage {
  std::optional<std::string> state;
  std::optional<Uuid> payment_id;
  std::optional<std::pair<WallTime, Uuid>> after;  // the last one of the page before
  std::int64_t limit = 50;
};
// Newest first; one more than `limit` when there are more.
Task<Result<std::vector<Refund>>> list_refunds(RequestContext& context, postgres::Pool& pool, RefundPage page);

}  // namespace evc::payment::store
