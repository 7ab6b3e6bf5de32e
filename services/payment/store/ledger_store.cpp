#include "services/payment/store/ledger_store.hpp"

#include <map>

#include "services/payment/domain/payment.hpp"

namespace evc::payment::store {
namespace {

using postgres::Params;
using postgres::Statement;

// Without a conflict target: whoever makes the same account at the same moment may meet either of its unique indexes.
constexpr Statement kMakeAccounts{
    "ledger.make accounts",
    "INSERT INTO account (id, code, currency) SELECT (a ->> 'id')::uuid, a ->> 'code', a ->> 'currency' "
    "FROM jsonb_array_elements($1::jsonb) a ON CONFLICT DO NOTHING"};
constexpr Statement kLockAccounts{"ledger.lock accounts",
                                  "SELECT id FROM account WHERE id IN (SELECT (a ->> 'id')::uuid FROM "
                                  "jsonb_array_elements($1::jsonb) a) ORDER BY id FOR UPDATE"};
constexpr Statement kTransfer{"ledger.transfer",
                              "INSERT INTO transfer (id, kind, debit, credit, amount, currency, pending_id, "
                              "session_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};

}  // namespace

std::vector<std::pair<Statement, Params>> post(const std::vector<Transfer>& transfers, const Uuid& session_id) {
  std::vector<std::pair<Statement, Params>> batch;
  if (transfers.empty()) return batch;
  std::map<Uuid, json::Value> accounts;  // in the order of their ids
  for (const Transfer& transfer : transfers) {
    for (const std::string& code : {transfer.debit, transfer.credit}) {
      const Uuid id = account_id(code, transfer.amount.currency);
      accounts[id] = json::Object{{"id", to_string(id)}, {"code", code}, {"currency", transfer.amount.currency.code()}};
    }
  }
  json::Array ordered;
  for (auto& [id, account] : accounts) ordered.push_back(std::move(account));
  const json::Value list(std::move(ordered));
  batch.emplace_back(kMakeAccounts, Params(list));
  batch.emplace_back(kLockAccounts, Params(list));
  for (const Transfer& transfer : transfers) {
    const Currency currency = transfer.amount.currency;
    batch.emplace_back(kTransfer, Params(transfer.id, name_of(transfer.kind), account_id(transfer.debit, currency),
                                         account_id(transfer.credit, currency), transfer.amount.amount, currency.code(),
                                         transfer.pending_id, session_id));
  }
  return batch;
}

}  // namespace evc::payment::store
