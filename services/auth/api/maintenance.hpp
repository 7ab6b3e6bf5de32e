// What the service does by itself on its first worker: erases again who was erased, answers what was asked for
// addresses, sends queued mails, keeps the signing keys on schedule, wipes sealed successors whose grace has ended,
// deletes what nobody has confirmed.
#pragma once

#include <atomic>

#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"
#include "services/auth/api/account_erasure.hpp"
#include "services/auth/api/account_requests.hpp"
#include "services/auth/api/key_ring.hpp"

namespace evc::auth_service {

// Tombstones are replayed first: what a restored backup brought back is nobody's to answer or to send.
Task<> erase_again(Worker& worker, AccountErasure& erasure, std::atomic<bool>& replayed);
// The requests first, so that their mails go with the same round.
Task<> answer_and_send(Worker& worker, AccountRequests& requests, postgres::Pool& pool, SealKey mail_key,
                       std::string spool_dir);
Task<> keep_keys(Worker& worker, KeyRing& keys);
// Sealed successors whose grace has ended, and challenges that nobody has answered in time, some thousand at a time.
Task<Result<void>> wipe(RequestContext& context, postgres::Pool& pool);
Task<> wipe_after_grace(Worker& worker, postgres::Pool& pool);
// Codes, links and denials a day after their end, accounts that nobody has confirmed a week after their registration.
Task<Result<void>> purge(RequestContext& context, postgres::Pool& pool, postgres::Pool& keystore);
Task<> purge_unused(Worker& worker, postgres::Pool& pool, postgres::Pool& keystore);

}  // namespace evc::auth_service
