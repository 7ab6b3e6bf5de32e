#include "services/payment/domain/ledger.hpp"

namespace evc::payment {
namespace {

// Any two constants will do; they must never change, or what was derived from them would be made anew.
constexpr Uuid kAccounts{
    {0x5e, 0x1c, 0x0f, 0x9a, 0x30, 0x77, 0x4d, 0x21, 0x9b, 0x65, 0xd2, 0x88, 0x14, 0x7f, 0xa3, 0x01}};

bool same(const Transfer& a, const Transfer& b) {
  return a.kind == b.kind && a.debit == b.debit && a.credit == b.credit && a.amount == b.amount &&
         a.pending_id == b.pending_id;
}

std::unexpected<Error> refuse(const char* rule) {
  return fail(Code::kConstraintViolation, rule);
}

}  // namespace

Uuid transfer_id(const Uuid& cause, std::string_view entry) {
  return uuid_v5(cause, entry);
}

Uuid account_id(std::string_view code, Currency currency) {
  return uuid_v5(kAccounts, std::string(currency.code()) + " " + std::string(code));
}

Result<void> Ledger::apply(const Transfer& transfer) {
  const auto known = transfers_.find(transfer.id);
  if (known != transfers_.end())
    return same(known->second, transfer) ? Result<void>{} : refuse("the transfer exists with other content");
  if (transfer.amount.amount <= 0) return refuse("an amount is positive");
  if (transfer.debit == transfer.credit) return refuse("a transfer has two accounts");
  const bool resolves = transfer.kind == TransferKind::kPost || transfer.kind == TransferKind::kVoid;
  if (resolves != transfer.pending_id.has_value()) return refuse("post and void name what they resolve, and only they");
  Balances& debit = accounts_[account_id(transfer.debit, transfer.amount.currency)];
  Balances& credit = accounts_[account_id(transfer.credit, transfer.amount.currency)];
  const std::int64_t amount = transfer.amount.amount;
  if (resolves) {
    const auto pending = transfers_.find(*transfer.pending_id);
    if (pending == transfers_.end() || pending->second.kind != TransferKind::kPending)
      return refuse("there is no such pending transfer");
    const Transfer& held = pending->second;
    if (held.debit != transfer.debit || held.credit != transfer.credit ||
        held.amount.currency != transfer.amount.currency)
      return refuse("it is between other accounts");
    if (resolved_by_.contains(held.id)) return refuse("it is resolved already");
    if (transfer.kind == TransferKind::kPost ? amount > held.amount.amount : amount != held.amount.amount)
      return refuse("it is about another amount");
    resolved_by_[held.id] = transfer.id;
    debit.debits_pending -= held.amount.amount;
    credit.credits_pending -= held.amount.amount;
  }
  if (transfer.kind == TransferKind::kPending) {
    debit.debits_pending += amount;
    credit.credits_pending += amount;
  } else if (transfer.kind != TransferKind::kVoid) {
    debit.debits_posted += amount;
    credit.credits_posted += amount;
  }
  transfers_[transfer.id] = transfer;
  return {};
}

Balances Ledger::balances(std::string_view code, Currency currency) const {
  const auto found = accounts_.find(account_id(code, currency));
  return found == accounts_.end() ? Balances{} : found->second;
}

std::int64_t Ledger::imbalance() const {
  std::int64_t sum = 0;
  for (const auto& [id, balances] : accounts_)
    sum += balances.debits_pending + balances.debits_posted - balances.credits_pending - balances.credits_posted;
  return sum;
}

}  // namespace evc::payment
