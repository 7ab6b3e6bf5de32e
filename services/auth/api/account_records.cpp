#include "services/auth/api/account_records.hpp"

#include "services/auth/domain/device.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/store/account_records.hpp"
#include "services/auth/store/accounts.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/clients.hpp"
#include "services/auth/store/passkeys.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

constexpr std::int64_t kSessionLimit = 10'000;
constexpr std::int64_t kActLimit = 1'000;

}  // namespace

Task<Result<AccountRecord>> AccountRecords::read(RequestContext& context, Uuid account_id) {
  EVC_CO_TRY(account, co_await find_account(context, pool_, account_id));
  if (!account) co_return fail(Code::kNotFound);
  EVC_CO_TRY(secret, co_await issuer_.person_secret(context, account_id));
  const SealKey columns = column_key(secret, "auth");
  EVC_CO_TRY(email, open_sealed(columns, account->email_sealed, account_place("email", account_id)));
  EVC_CO_TRY(name, open_sealed(columns, account->name_sealed, account_place("name", account_id)));
  AccountRecord record{.account_id = account_id,
                       .pseudonym = pseudonym(secret, "events"),
                       .email = std::move(email),
                       .name = std::move(name),
                       .state = account->state,
                       .created_at = account->created_at};
  EVC_CO_TRY(verifications, co_await verifications_of(context, pool_, account_id));
  for (const RecordedVerification& each : verifications)
    record.verifications.push_back({.expires_at = each.expires_at, .used_at = each.used_at});
  EVC_CO_TRY(mailed, co_await codes(context, account_id, columns));
  record.mailed_codes = std::move(mailed);
  EVC_CO_TRY(factor, co_await second_factor(context, account_id));
  record.second_factor = std::move(factor);
  EVC_CO_TRY(consents, co_await consents_of(context, pool_, account_id));
  for (const ConsentRow& row : consents) record.consents.push_back({row.client_name, row.scope, row.given_at});
  EVC_CO_TRY(keys, co_await passkeys(context, account_id, columns));
  record.passkeys = std::move(keys);
  EVC_CO_TRY(signed_in, co_await sessions(context, account_id, columns));
  record.sessions = std::move(signed_in);
  EVC_CO_TRY(acts, co_await audited_of(context, pool_, record.pseudonym, kActLimit));
  for (const AuditedAct& act : acts) record.audit.push_back({act.at, act.action, act.actor});
  co_return record;
}

Task<Result<std::vector<SessionRecord>>> AccountRecords::sessions(RequestContext& context, Uuid account_id,
                                                                  SealKey columns) {
  EVC_CO_TRY(rows, co_await sessions_of(context, pool_, account_id, kSessionLimit + 1));
  if (static_cast<std::int64_t>(rows.size()) > kSessionLimit)
    co_return fail(Code::kServiceUnavailable, "more sign-ins than one answer holds");
  std::vector<SessionRecord> records;
  for (const RecordedSession& row : rows) {
    std::string device = device_label("");
    if (!row.device_sealed.empty()) {
      EVC_CO_TRY(opened, open_sealed(columns, row.device_sealed, device_place(row.id)));
      device = opened;
    }
    records.push_back({.session_id = row.id,
                       .device = std::move(device),
                       .created_at = row.created_at,
                       .last_used_at = row.last_used_at,
                       .expires_at = row.expires_at,
                       .ended_at = row.ended_at,
                       .end_reason = row.end_reason});
  }
  co_return records;
}

Task<Result<std::vector<MailedCodeRecord>>> AccountRecords::codes(RequestContext& context, Uuid account_id,
                                                                  SealKey columns) {
  EVC_CO_TRY(rows, co_await mailed_codes_of(context, pool_, account_id));
  std::vector<MailedCodeRecord> records;
  for (const RecordedCode& row : rows) {
    MailedCodeRecord record{.purpose = row.purpose,
                            .email = std::nullopt,
                            .created_at = row.created_at,
                            .expires_at = row.expires_at,
                            .used_at = row.used_at};
    if (!row.email_sealed.empty()) {
      EVC_CO_TRY(email, open_sealed(columns, row.email_sealed, account_place("email", account_id)));
      record.email = email;
    }
    records.push_back(std::move(record));
  }
  co_return records;
}

Task<Result<std::vector<PasskeyRecord>>> AccountRecords::passkeys(RequestContext& context, Uuid account_id,
                                                                  SealKey columns) {
  EVC_CO_TRY(rows, co_await passkeys_of(context, pool_, account_id));
  std::vector<PasskeyRecord> records;
  for (const PasskeyRow& row : rows) {
    EVC_CO_TRY(name, open_sealed(columns, row.name_sealed, passkey_place("name", row.id)));
    records.push_back({.name = name,
                       .created_at = row.created_at,
                       .last_used_at = row.last_used_at,
                       .backup_eligible = row.backup_eligible,
                       .backed_up = row.backed_up});
  }
  co_return records;
}

Task<Result<SecondFactorRecord>> AccountRecords::second_factor(RequestContext& context, Uuid account_id) {
  EVC_CO_TRY(row, co_await second_factor_of(context, pool_, account_id));
  if (!row) co_return SecondFactorRecord{};
  co_return SecondFactorRecord{.state = row->confirmed_at ? "on" : "unconfirmed",
                               .created_at = row->created_at,
                               .confirmed_at = row->confirmed_at,
                               .recovery_codes_left = row->recovery_codes_left};
}

}  // namespace evc::auth_service
