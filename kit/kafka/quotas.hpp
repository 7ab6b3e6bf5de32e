// The cluster's client quotas, read and changed: how many bytes a second a (user, client id) may produce before the
// broker makes it wait. Each broker counts for itself. Blocking, for start-up programs, like Admin: every call ends
// within kAdminTimeout; errors are broker-unavailable, forbidden or conflict. A connection of its own for each call,
// because librdkafka has no such request (quota_wire.hpp has).
#pragma once

#include <vector>

#include "kit/base/result.hpp"
#include "kit/kafka/connection.hpp"
#include "kit/kafka/quota_wire.hpp"

namespace evc::kafka {

// All quotas of users and clients, sorted. Throws std::runtime_error for unusable certificates, as change_quotas().
Result<std::vector<Quota>> read_quotas(const ConnectOptions& connect);
// The brokers apply it a moment after it returns.
Result<void> change_quotas(const ConnectOptions& connect, const std::vector<QuotaChange>& changes);

}  // namespace evc::kafka
