#include "proofs/simulator/database.hpp"

namespace evc::simulator {

Database::Database(Engine& its_engine, const Switches& its_switches, Bodies& its_bodies, std::string its_name)
    : engine(its_engine),
      switches(its_switches),
      bodies(its_bodies),
      name(std::move(its_name)),
      committed(its_engine) {}

void Database::append(std::string topic, std::string key, std::string subject, std::string type, json::Object data) {
  Body body{.topic = std::move(topic),
            .key = std::move(key),
            .subject = std::move(subject),
            .type = std::move(type),
            .data = std::move(data),
            .owner = name};
  const auto number = bodies.size();
  for (std::size_t i = 0; i < sizeof number; ++i) body.id.bytes.at(i) = static_cast<std::uint8_t>(number >> (8 * i));
  body.id.bytes[15] = 1;
  auto& stream = streams[{body.topic, body.key}];
  body.sequence = ++stream.sequence;
  // The first row may have drawn its position long ago. Not the others, nor who had to wait for the stream's row lock.
  if (!rows_.empty() || stream.pos > open_.pos) open_.pos = next_pos_++;
  stream.pos = open_.pos;
  rows_.push_back(
      {.pos = open_.pos * 64 + static_cast<std::int64_t>(rows_.size()), .body = number, .created_at = open_.at});
  bodies.push_back(std::move(body));
}

void Database::publish() {
  if (rows_.empty()) return;
  log.insert(log.end(), rows_.begin(), rows_.end());
  rows_.clear();
  committed.ring();
}

}  // namespace evc::simulator
