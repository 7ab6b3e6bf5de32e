// How a process reaches the brokers: the bootstrap list, its certificate (whose common name is the Kafka principal) and
// the name it shows in the brokers' logs and quotas. There is no connection without a client certificate; a renewed one
// is taken over between two batches.
#pragma once

#include <memory>
#include <string>

#include "kit/net/identity.hpp"

namespace evc::kafka {

struct ConnectOptions {
  std::string bootstrap;  // "host:port[,host:port…]"
  std::shared_ptr<net::Identity> identity;
  std::string client_id;
};

}  // namespace evc::kafka
