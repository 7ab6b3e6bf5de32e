// Tells every broker of a cluster to read its keystore again, after the certificate in it was renewed: new connections
// get the new one, open ones go on. Blocking, for tools. The caller must be a super user (platform-admin).
#pragma once

#include "kit/base/result.hpp"
#include "kit/kafka/connection.hpp"

namespace evc::kafka {

// The number of brokers. broker-unavailable or forbidden with the broker's number; those before it have read theirs.
// Throws std::runtime_error for unusable certificates or settings.
Result<int> reload_broker_certificates(const ConnectOptions& connect);

}  // namespace evc::kafka
