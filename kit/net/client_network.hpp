// What counts as one client for limits: one IPv4 address, or one IPv6 network, because a single customer has 2^64
// addresses. Pure.
#pragma once

#include <string>
#include <string_view>

namespace evc::net {

// IPv4 as it is (mapped into IPv6 too), IPv6 its /64. What is no address comes back as it is.
std::string client_network(std::string_view address);

}  // namespace evc::net
