#include "services/payment/domain/entries.hpp"

#include <algorithm>

namespace evc::payment {
namespace {

constexpr const char* kProvider = "provider";
constexpr const char* kRevenue = "revenue:charging";
constexpr const char* kRefunds = "revenue:refunds";
std::string clearing(const Payment& payment) {
  return "payment:" + to_string(payment.id);
}

std::string numbered(const char* entry, std::int64_t number) {
  return entry + (":" + std::to_string(number));
}

Transfer pending(const Payment& payment, std::string_view entry, std::int64_t amount) {
  return {transfer_id(payment.id, entry),
          TransferKind::kPending,
          kProvider,
          clearing(payment),
          payment.money(amount),
          std::nullopt};
}

Transfer single(const Payment& payment, std::string_view entry, std::string debit, std::string credit,
                std::int64_t amount) {
  return {transfer_id(payment.id, entry), TransferKind::kSingle, std::move(debit), std::move(credit),
          payment.money(amount),          std::nullopt};
}

// Posts as much of `left` as this hold has, or voids it; takes it off.
Transfer end_of_one(const Payment& payment, std::string_view entry, const Transfer& held, std::int64_t& left) {
  const std::int64_t taken = std::min(left, held.amount.amount);
  left -= taken;
  return {transfer_id(payment.id, entry),
          taken > 0 ? TransferKind::kPost : TransferKind::kVoid,
          held.debit,
          held.credit,
          taken > 0 ? payment.money(taken) : held.amount,
          held.id};
}

}  // namespace

Transfer hold_entry(const Payment& payment) {
  return pending(payment, "hold", payment.asked);
}

Transfer increment_entry(const Payment& payment, const Increment& increment) {
  return pending(payment, numbered("hold", increment.number), increment.amount);
}

std::vector<Transfer> end_of_hold_entries(const Payment& payment, std::int64_t captured) {
  std::int64_t left = captured;
  std::vector<Transfer> entries{end_of_one(payment, "resolve", hold_entry(payment), left)};
  for (const Increment& increment : payment.increments) {
    if (increment.state != IncrementState::kAuthorised) continue;
    entries.push_back(
        end_of_one(payment, numbered("resolve", increment.number), increment_entry(payment, increment), left));
  }
  return entries;
}

Transfer receivable_entry(const Payment& payment) {
  return single(payment, "receivable", "driver:" + payment.puid, clearing(payment), payment.receivable);
}

Transfer revenue_entry(const Payment& payment) {
  return single(payment, "revenue", clearing(payment), kRevenue, payment.price.value_or(0));
}

Transfer refund_entry(const Payment& payment, const Refund& refund) {
  return {transfer_id(payment.id, numbered("refund", refund.number)),
          TransferKind::kPending,
          clearing(payment),
          kProvider,
          payment.money(refund.amount),
          std::nullopt};
}

std::vector<Transfer> end_of_refund_entries(const Payment& payment, const Refund& refund) {
  const Transfer reserved = refund_entry(payment, refund);
  Transfer end = reserved;
  end.id = transfer_id(payment.id, numbered("refund resolve", refund.number));
  end.pending_id = reserved.id;
  end.kind = refund.state == RefundState::kRefunded ? TransferKind::kPost : TransferKind::kVoid;
  if (end.kind == TransferKind::kVoid) return {end};
  return {end, single(payment, numbered("refund revenue", refund.number), kRefunds, clearing(payment), refund.amount)};
}

}  // namespace evc::payment
