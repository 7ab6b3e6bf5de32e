// The promises about events, over what the databases and the broker hold when everything has settled.
#pragma once

#include <string>
#include <vector>

#include "proofs/simulator/broker.hpp"
#include "proofs/simulator/database.hpp"
#include "proofs/simulator/inbox_member.hpp"

namespace evc::simulator {

// Every row of the outbox is on its topic; its first occurrences come in the order of each key.
void check_topics(const Database& producer, Broker& broker, std::vector<std::string>& violations);
// Every event of the topics had its effect at the consumer, once, in the order of each subject.
void check_effects(const Database& consumer, const Consumption& consumption, std::vector<std::string>& violations);
// What is on its way still; empty: nothing.
std::string still_to_consume(const Database& consumer, const Consumption& consumption);
std::string still_to_deliver(const Database& producer);

}  // namespace evc::simulator
