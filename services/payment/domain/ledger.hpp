// Double-entry bookkeeping in two phases. A pending transfer reserves an amount; it is resolved once: posted (up to its
// amount) or voided. A single transfer moves at once. Amounts are positive integers in minor units; a transfer stays in
// one currency. The database enforces the same rules (migrations/0002_ledger.sql); Ledger here is their pure form, for
// tests and for planning.
#pragma once

#include <boost/describe.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/money.hpp"
#include "kit/base/result.hpp"
#include "kit/base/uuid.hpp"

namespace evc::payment {

enum class TransferKind { kSingle, kPending, kPost, kVoid };
BOOST_DESCRIBE_ENUM(TransferKind, kSingle, kPending, kPost, kVoid)

struct Transfer {
  Uuid id;
  TransferKind kind = TransferKind::kSingle;
  std::string debit;  // account codes
  std::string credit;
  Money amount;
  std::optional<Uuid> pending_id;  // kPost, kVoid: what it resolves
};

// The same cause and entry give the same id, so that a transfer is made once however often its cause comes.
Uuid transfer_id(const Uuid& cause, std::string_view entry);
// The same code and currency give the same account.
Uuid account_id(std::string_view code, Currency currency);

struct Balances {
  std::int64_t debits_pending = 0;
  std::int64_t debits_posted = 0;
  std::int64_t credits_pending = 0;
  std::int64_t credits_posted = 0;
  bool operator==(const Balances&) const = default;
};

class Ledger {
 public:
  // A transfer that was applied before (same id, same content) changes nothing. constraint-violation otherwise, when a
  // rule is broken.
  Result<void> apply(const Transfer& transfer);
  Balances balances(std::string_view code, Currency currency) const;
  // Sum of all debits less all credits, pending and posted, over every account: 0, always.
  std::int64_t imbalance() const;

 private:
  std::map<Uuid, Transfer> transfers_;
  std::map<Uuid, Uuid> resolved_by_;
  std::map<Uuid, Balances> accounts_;
};

}  // namespace evc::payment
