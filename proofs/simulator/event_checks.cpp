#include "proofs/simulator/event_checks.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace evc::simulator {
namespace {

std::string describe(const Body& body) {
  return body.type + " #" + std::to_string(body.sequence) + " of " + body.topic + "/" + body.key;
}

bool reads(const Consumption& consumption, const Body& body) {
  return std::ranges::find(consumption.topics, body.topic) != consumption.topics.end();
}

}  // namespace

void check_topics(const Database& producer, Broker& broker, std::vector<std::string>& violations) {
  std::set<std::size_t> seen;
  std::map<StreamKey, std::int64_t> last;
  std::set<std::string> topics;
  for (const auto& row : producer.log) topics.insert(producer.bodies[row.body].topic);
  for (const auto& place : broker.places({topics.begin(), topics.end()})) {
    for (const auto& record : broker.log(place)) {
      messaging::Incoming incoming;
      incoming.record.value = record.value;
      const auto number = body_of(incoming);
      if (!seen.insert(number).second) continue;
      const auto& body = producer.bodies[number];
      auto& before = last[{body.topic, body.key}];
      if (body.sequence != before + 1) violations.push_back("topic out of order: " + describe(body));
      before = std::max(before, body.sequence);
    }
  }
  for (const auto& row : producer.log)
    if (!seen.contains(row.body))
      violations.push_back("lost between outbox and topic: " + describe(producer.bodies[row.body]));
}

void check_effects(const Database& consumer, const Consumption& consumption, std::vector<std::string>& violations) {
  std::set<std::size_t> had;
  std::map<StreamKey, std::int64_t> last;
  for (const auto number : consumer.effects) {
    const auto& body = consumer.bodies[number];
    if (!had.insert(number).second) {
      violations.push_back("effect twice at " + consumer.name + ": " + describe(body));
      continue;
    }
    auto& before = last[{body.topic, body.subject}];
    if (body.sequence < before)
      violations.push_back("effects out of order at " + consumer.name + ": " + describe(body));
    before = std::max(before, body.sequence);
  }
  for (std::size_t number = 0; number < consumer.bodies.size(); ++number) {
    const auto& body = consumer.bodies[number];
    if (reads(consumption, body) && consumption.wanted(body) && !had.contains(number))
      violations.push_back("no effect at " + consumer.name + ": " + describe(body));
  }
  for (const auto& letter : consumer.dead)
    if (letter.open) violations.push_back("a dead letter stayed at " + consumer.name);
}

std::string still_to_consume(const Database& consumer, const Consumption& consumption) {
  if (!consumer.parked.empty())
    return describe(consumer.bodies[consumer.parked.begin()->second.body]) + " is parked at " + consumer.name;
  if (!consumer.parked_subjects.empty())
    return consumer.parked_subjects.begin()->second + " stands still at " + consumer.name;
  for (const auto& body : consumer.bodies) {
    if (!reads(consumption, body)) continue;
    const auto found = consumer.inbox.find(body.id);
    if (found == consumer.inbox.end()) return describe(body) + " has not come to " + consumer.name;
    if (found->second == "dead") return describe(body) + " is dead at " + consumer.name;
  }
  return {};
}

std::string still_to_deliver(const Database& producer) {
  if (!producer.parked_streams.empty()) return "a stream is parked in the outbox of " + producer.name;
  const auto& slot = producer.slot;
  // A second relay may note it again while the first one is through; then it waits for the next opening.
  const bool emits = slot.reemission_due && (slot.holder == 0 || slot.holder == slot.emitting);
  if (slot.confirmed < producer.log.size() || slot.missing || emits)
    return "the relay of " + producer.name + " is behind";
  return {};
}

}  // namespace evc::simulator
