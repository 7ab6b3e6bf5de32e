#include "kit/messaging/topic_readers.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace evc::messaging {
namespace {

kafka::ConsumerOptions of_topic(kafka::ConsumerOptions options, const std::string& topic) {
  if (options.topics.size() > 1) options.instance_id += "-" + topic;
  options.topics = {topic};
  return options;
}

}  // namespace

TopicReaders::TopicReaders(Worker& worker, const kafka::ConsumerOptions& options,
                           const std::function<void(const std::vector<kafka::TopicPartition>&)>& revoked) {
  for (const std::string& topic : options.topics) {
    readers_.emplace_back(worker, of_topic(options, topic)).consumer.on_revoked(revoked);
  }
}

kafka::Consumer& TopicReaders::of(const std::string& topic) {
  const auto found = std::ranges::find(readers_, topic, &Reader::topic);
  if (found == readers_.end()) throw std::logic_error("nobody reads " + topic);
  return found->consumer;
}

std::vector<kafka::Record> TopicReaders::commit(const std::vector<kafka::Record>& last_of_each_partition) {
  std::map<std::string, std::vector<kafka::Record>> by_topic;
  for (const auto& record : last_of_each_partition) by_topic[record.topic].push_back(record);
  std::vector<kafka::Record> not_sent;
  for (auto& [topic, records] : by_topic)
    if (!of(topic).commit(records)) std::ranges::move(records, std::back_inserter(not_sent));
  return not_sent;
}

void TopicReaders::pause(const kafka::TopicPartition& partition) {
  of(partition.topic).pause(partition);
}

void TopicReaders::resume(const kafka::TopicPartition& partition) {
  of(partition.topic).resume(partition);
}

bool TopicReaders::assigned(const kafka::TopicPartition& partition) const {
  return std::ranges::any_of(readers_, [&partition](const Reader& reader) {
    const auto assigned = reader.consumer.assignment();
    return std::ranges::find(assigned, partition) != assigned.end();
  });
}

Result<void> TopicReaders::health() const {
  for (const Reader& reader : readers_) {
    if (!reader.state) return reader.state;
    if (!reader.consumer.connected()) return fail(Code::kBrokerUnavailable, "no broker is connected");
  }
  return {};
}

std::int64_t TopicReaders::lag() const {
  std::int64_t sum = 0;
  for (const Reader& reader : readers_) {
    const std::int64_t lag = reader.consumer.lag();
    if (lag < 0) return -1;
    sum += lag;
  }
  return sum;
}

void TopicReaders::wake() {
  for (Reader& reader : readers_) reader.consumer.wake();
}

Task<> TopicReaders::close() {
  for (Reader& reader : readers_) co_await reader.consumer.close();
}

}  // namespace evc::messaging
