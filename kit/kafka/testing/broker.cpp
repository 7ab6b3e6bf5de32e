#include "kit/kafka/testing/broker.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "kit/base/uuid.hpp"

namespace evc::kafka::testing {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

pid_t broker_process() {
  return std::stoi(environment("EVC_TEST_KAFKA_PID"));
}

}  // namespace

bool broker_present() {
  return !environment("EVC_TEST_KAFKA").empty();
}

ConnectOptions connect_as(const std::string& certificate) {
  return {.bootstrap = environment("EVC_TEST_KAFKA"),
          .identity = std::make_shared<net::Identity>(net::tls_files(environment("EVC_TEST_TLS_DIR"), certificate)),
          .client_id = "test-" + certificate};
}

std::string fresh_name(const std::string& purpose) {
  return purpose + "." + to_string(uuid_v7());
}

std::string fresh_topic(const std::string& purpose, int partitions, TopicSettings settings) {
  Admin admin(connect_as("platform-admin"));
  std::string topic = fresh_name(purpose);
  const auto made = admin.create_topics({{topic, partitions, 1, std::move(settings)}});
  if (!made) throw std::runtime_error("topic " + topic + ": " + made.error().detail);
  return topic;
}

BrokerHangs::BrokerHangs() {
  ::kill(broker_process(), SIGSTOP);
}
BrokerHangs::~BrokerHangs() {
  ::kill(broker_process(), SIGCONT);
}

}  // namespace evc::kafka::testing
