#include "tools/topics/topic_catalogue.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace evc::topics {

namespace {

[[noreturn]] void refuse(const YAML::Node& node, const std::string& reason) {
  throw std::runtime_error("line " + std::to_string(node.Mark().line + 1) + ": " + reason);
}

void only(const YAML::Node& map, const std::set<std::string>& known) {
  if (!map.IsMap()) refuse(map, "a map is expected");
  for (const auto& entry : map)
    if (const auto name = entry.first.as<std::string>(); !known.contains(name))
      refuse(entry.first, "unknown key " + name);
}

template <class T>
T required(const YAML::Node& map, const std::string& name) {
  const YAML::Node value = map[name];
  if (!value) refuse(map, name + " is missing");
  try {
    return value.as<T>();
  } catch (const YAML::Exception&) {
    refuse(value, name + " has the wrong type");
  }
}

Durability durability(const YAML::Node& node) {
  return {required<int>(node, "replication_factor"), required<int>(node, "min_insync_replicas")};
}

TopicEntry event_topic(const YAML::Node& node) {
  only(node,
       {"name", "producer_principal", "ce_source", "key", "partitions", "config", "producer", "parking", "events"});
  TopicEntry topic;
  topic.name = required<std::string>(node, "name");
  topic.partitions = required<int>(node, "partitions");
  topic.settings = required<std::map<std::string, std::string>>(node, "config");
  return topic;
}

void read_dead_letters(const YAML::Node& root, TopicCatalogue& catalogue) {
  const auto defaults = required<YAML::Node>(root, "dead_letter_defaults");
  only(defaults, {"partitions", "config"});
  TopicEntry common;
  common.partitions = required<int>(defaults, "partitions");
  common.settings = required<std::map<std::string, std::string>>(defaults, "config");
  for (const auto& node : required<YAML::Node>(root, "dead_letters")) {
    only(node, {"name", "source", "group"});
    TopicEntry topic = common;
    topic.name = required<std::string>(node, "name");
    const auto source = required<std::string>(node, "source");
    if (!catalogue.find(source)) refuse(node, "source " + source + " is not a topic of this file");
    const std::string expected = source + "." + required<std::string>(node, "group") + ".dlq";
    if (topic.name != expected) refuse(node, "the name must be " + expected);
    catalogue.topics.push_back(std::move(topic));
  }
}

void read_grants(const YAML::Node& principal, const std::string& section, const std::string& member,
                 const std::string& resource, TopicCatalogue& catalogue) {
  static const std::set<std::string> kOperations{"WRITE", "READ", "DESCRIBE"};
  const YAML::Node rows = principal[section];
  if (!rows) return;
  for (const auto& row : rows) {
    only(row, {member, "operations"});
    const auto name = required<std::string>(row, member);
    if (resource == "TOPIC" && !catalogue.find(name)) refuse(row, name + " is not a topic of this file");
    for (const auto& operation : required<std::vector<std::string>>(row, "operations")) {
      if (!kOperations.contains(operation)) refuse(row, "unknown operation " + operation);
      catalogue.grants.push_back({required<std::string>(principal, "name"), resource, name, operation});
    }
  }
}

void read_quotas(const YAML::Node& root, TopicCatalogue& catalogue) {
  for (const auto& node : required<YAML::Node>(root, "quotas")) {
    only(node, {"principal", "client_id", "producer_byte_rate"});
    const auto principal = required<std::string>(node, "principal");
    if (std::ranges::find(catalogue.principals, principal) == catalogue.principals.end())
      refuse(node, principal + " is not a principal of this file");
    const auto rate = required<std::int64_t>(node, "producer_byte_rate");
    if (rate < 1) refuse(node, "producer_byte_rate must be at least 1");
    catalogue.quotas.push_back(
        {principal, required<std::string>(node, "client_id"), "producer_byte_rate", static_cast<double>(rate)});
  }
}

TopicCatalogue read(const YAML::Node& root) {
  only(root, {"defaults", "topics", "dead_letter_defaults", "dead_letters", "super_users", "principals", "quotas"});
  TopicCatalogue catalogue;
  const auto defaults = required<YAML::Node>(root, "defaults");
  catalogue.single_broker = durability(defaults);
  catalogue.cluster = durability(required<YAML::Node>(defaults, "cluster"));
  for (const auto& node : required<YAML::Node>(root, "topics")) catalogue.topics.push_back(event_topic(node));
  read_dead_letters(root, catalogue);
  for (const auto& principal : required<YAML::Node>(root, "principals")) {
    only(principal, {"name", "topics", "groups"});
    catalogue.principals.push_back(required<std::string>(principal, "name"));
    read_grants(principal, "topics", "topic", "TOPIC", catalogue);
    read_grants(principal, "groups", "group", "GROUP", catalogue);
  }
  read_quotas(root, catalogue);
  return catalogue;
}

}  // namespace

const TopicEntry* TopicCatalogue::find(const std::string& topic) const {
  const auto found = std::ranges::find(topics, topic, &TopicEntry::name);
  return found == topics.end() ? nullptr : &*found;
}

TopicCatalogue load_topic_catalogue(const std::string& file) {
  try {
    return read(YAML::LoadFile(file));
  } catch (const YAML::BadFile&) {
    throw std::runtime_error(file + ": cannot be read");
  } catch (const std::exception& error) {
    throw std::runtime_error(file + ": " + error.what());
  }
}

}  // namespace evc::topics
