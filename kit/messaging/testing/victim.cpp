// A process of its own that runs a relay or an inbox until it is killed, for the tests that kill it: `victim relay
// CONNINFO TOPIC SLOT` or `victim inbox CONNINFO TOPIC GROUP`. The effects go to the table of consumer_side.hpp.
#include <unistd.h>

#include <string>

#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"

namespace evc::messaging::testing {
namespace {

void run(const std::string& role, const std::string& conninfo, const std::string& topic, const std::string& name) {
  Worker worker;
  postgres::Pool pool(worker, {.conninfo = conninfo, .size = 2, .application_name = "victim"});
  Outbox outbox("/services/test", any_schema());
  Relay relay(worker, pool,
              {.conninfo = conninfo + " application_name=victim-" + std::to_string(::getpid()),
               .slot = name,
               .producer = {.connect = kafka::testing::connect_as("platform-admin"), .topics = {topic}},
               .heartbeat = std::chrono::milliseconds(200),
               .standby = std::chrono::milliseconds(100),
               .pause_cap = std::chrono::milliseconds(500)});
  Inbox inbox(worker, pool, outbox,
              {.consumer = {.connect = kafka::testing::connect_as("platform-admin"),
                            .group = name,
                            .instance_id = "victim",
                            .topics = {topic}},
               .batch = 16},
              {{"Tested", write_effect}});
  worker.tasks().spawn(role, role == "relay" ? relay.run() : inbox.run());
  worker.run();
}

}  // namespace
}  // namespace evc::messaging::testing

int main(int argc, char** argv) {
  if (argc != 5) return 64;
  evc::messaging::testing::run(argv[1], argv[2], argv[3], argv[4]);
  return 0;
}
