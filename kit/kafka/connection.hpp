// How a process reaches the brokers: the bootstrap list, its certificate (whose common name is the Kafka principal) and
// the name it shows in the brokers' logs and quotas. A plain value; there is no connection without a client
// certificate.
#pragma once

#include <string>

#include "kit/net/tls.hpp"

namespace evc::kafka {

struct ConnectOptions {
  std::string bootstrap;  // "host:port[,host:port…]"
  net::TlsFiles tls;
  std::string client_id;
};

}  // namespace evc::kafka
