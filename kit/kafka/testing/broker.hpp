// The broker that tools/testenv started, for component tests: connections by certificate name, topics of a test's own,
// and a broker that can be stopped and woken. Linked by tests only. Every name that it makes is new, so that tests
// share one broker.
#pragma once

#include <string>

#include "kit/kafka/admin.hpp"

namespace evc::kafka::testing {

// False outside of tools/testenv: the test skips itself.
bool broker_present();
ConnectOptions connect_as(const std::string& certificate);
// A name that nobody used before, with `purpose` in front.
std::string fresh_name(const std::string& purpose);
// Made by platform-admin, who is allowed everything; ends the test program when it cannot be made.
std::string fresh_topic(const std::string& purpose, int partitions = 1, TopicSettings settings = {});

// SIGSTOP now, SIGCONT when it goes out of scope: a broker that hangs.
class BrokerHangs {
 public:
  BrokerHangs();
  ~BrokerHangs();
  BrokerHangs(const BrokerHangs&) = delete;
  BrokerHangs& operator=(const BrokerHangs&) = delete;
};

}  // namespace evc::kafka::testing
