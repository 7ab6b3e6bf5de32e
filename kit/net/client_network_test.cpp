#include "kit/net/client_network.hpp"

#include <gtest/gtest.h>

namespace evc::net {
namespace {

TEST(ClientNetwork, CountsIpv4AddressesAndIpv6Networks) {
  EXPECT_EQ(client_network("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(client_network("::ffff:203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(client_network("2001:db8:1:2:aaaa::1"), client_network("2001:db8:1:2:bbbb::2"));
  EXPECT_NE(client_network("2001:db8:1:2::1"), client_network("2001:db8:1:3::1"));
}

}  // namespace
}  // namespace evc::net
