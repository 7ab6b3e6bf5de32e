#include "proofs/simulator/inbox_member.hpp"

#include <charconv>

namespace evc::simulator {

using messaging::Attempt;
using messaging::Incoming;
using messaging::Origin;
using messaging::Turn;

namespace {

constexpr std::size_t kBatch = 8;
constexpr std::size_t kOpenLimit = 12;

StreamKey stream_of(const messaging::Event& event) {
  return {event.topic, event.key};
}
StreamKey subject_of(const messaging::Event& event) {
  return {event.topic, event.subject};
}

}  // namespace

std::size_t body_of(const Incoming& incoming) {
  std::size_t number = 0;
  const auto& text = incoming.record.value;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

InboxMember::InboxMember(Database& database, Broker& broker, Consumption consumption, int member)
    : database_(database),
      broker_(broker),
      engine_(database.engine),
      consumption_(std::move(consumption)),
      member_(member) {}

Go<void> InboxMember::run() {
  memory_ = Memory{};
  while (true) {
    sync_assignment();
    auto batch = memory_.waiting.take_due(engine_.steady(), kBatch);
    for (auto& incoming : poll())
      if (!memory_.waiting.join(incoming)) batch.push_back(std::move(incoming));
    if (batch.empty()) {
      const auto wait = memory_.waiting.next_due(engine_.steady(), Ms(2'000));
      co_await engine_.wait(broker_.appended.listen(), std::max(wait, Ms(1)));
    }
    std::map<StreamKey, std::deque<Incoming>> keys;
    for (auto& incoming : batch) keys[stream_of(incoming.event)].push_back(std::move(incoming));
    for (auto& [key, events] : keys) co_await process_key(std::move(events));
    co_await commit_offsets();
    if (engine_.now() >= memory_.next_look) {
      memory_.next_look = engine_.now() + Ms(2'000);
      co_await look();
    }
  }
}

void InboxMember::sync_assignment() {
  auto& group = broker_.group(database_.name);
  for (const auto& place : broker_.places(consumption_.topics)) {
    const auto owner = group.owners[place];
    const auto known = memory_.generations.find(place);
    const bool mine = owner.member == member_;
    if (known != memory_.generations.end() && (!mine || known->second != owner.generation)) {
      memory_.progress.forget(place);
      memory_.waiting.forget(place);
      memory_.positions.erase(place);
      memory_.generations.erase(known);
    }
    if (!mine || memory_.generations.contains(place)) continue;
    memory_.generations[place] = owner.generation;
    const auto next = group.next.find(place);
    const auto latest = static_cast<std::int64_t>(broker_.log(place).size());
    const std::int64_t first = database_.switches.start_at_latest ? latest : 0;
    memory_.positions[place] = next == group.next.end() ? first : next->second;
  }
}

Incoming InboxMember::read(const kafka::Record& record) const {
  Incoming incoming;
  incoming.record = record;
  const auto& body = database_.bodies[body_of(incoming)];
  incoming.event.event_id = body.id;
  incoming.event.event_type = body.type;
  incoming.event.sequence = body.sequence;
  incoming.event.topic = body.topic;
  incoming.event.key = body.key;
  incoming.event.subject = body.subject;
  return incoming;
}

std::deque<Incoming> InboxMember::poll() {
  std::deque<Incoming> taken;
  for (auto& [place, position] : memory_.positions) {
    const auto& log = broker_.log(place);
    while (position < static_cast<std::int64_t>(log.size()) && taken.size() < kBatch &&
           memory_.progress.open(place) < kOpenLimit) {
      const auto& record = log[static_cast<std::size_t>(position++)];
      memory_.progress.begin(record);
      if (database_.switches.acknowledge_before_commit)
        broker_.commit(database_.name, record, member_, memory_.generations[place]);
      taken.push_back(read(record));
    }
  }
  return taken;
}

Go<void> InboxMember::process_key(std::deque<Incoming> batch) {
  bool one_by_one = false;
  while (!batch.empty()) {
    if (!one_by_one) {
      const bool done = co_await together(batch);
      if (done) co_return;
      one_by_one = true;
    }
    auto incoming = std::move(batch.front());
    batch.pop_front();
    if (memory_.waiting.join(incoming)) continue;
    co_await alone(std::move(incoming));
  }
}

Go<bool> InboxMember::together(std::deque<Incoming>& batch) {
  std::vector<Verdict> verdicts;
  if (database_.switches.inbox_row_in_own_transaction) {
    std::erase_if(batch, [&](const Incoming& incoming) { return database_.inbox.contains(incoming.event.event_id); });
    const auto noted = co_await database_.transact([&] {
      for (const auto& incoming : batch) database_.inbox[incoming.event.event_id] = "noted";
    });
    if (noted != Database::Commit::kDone) co_return false;
  }
  const auto committed = co_await database_.transact([&] {
    for (const auto& incoming : batch) {
      const auto attempt = verdicts.empty() ? memory_.waiting.attempt_of(incoming.record) : Attempt{};
      verdicts.push_back(apply(incoming, attempt));
      if (verdicts.back().again) break;
    }
  });
  if (committed != Database::Commit::kDone) co_return false;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (i >= verdicts.size()) {
      memory_.waiting.stay_behind(std::move(batch[i]));
    } else if (verdicts[i].again) {
      memory_.waiting.retry_later(std::move(batch[i]), verdicts[i].error, engine_.steady(), engine_.wall(),
                                  engine_.random.next());
    } else {
      memory_.progress.done(batch[i].record);
      memory_.waiting.finished(batch[i].record);
    }
  }
  co_return true;
}

Go<void> InboxMember::alone(Incoming incoming) {
  Verdict verdict;
  const auto attempt = memory_.waiting.attempt_of(incoming.record);
  const auto committed = co_await database_.transact([&] { verdict = apply(incoming, attempt); });
  if (committed != Database::Commit::kDone) verdict = {.again = true, .error = {.code = Code::kDatabaseUnavailable}};
  if (verdict.again) {
    memory_.waiting.retry_later(std::move(incoming), verdict.error, engine_.steady(), engine_.wall(),
                                engine_.random.next());
    co_return;
  }
  memory_.progress.done(incoming.record);
  memory_.waiting.finished(incoming.record);
}

Go<void> InboxMember::commit_offsets() {
  const auto committable = memory_.progress.take_committable();
  if (committable.empty()) co_return;
  co_await engine_.step();
  for (const auto& last : committable) {
    const kafka::TopicPartition place{last.topic, last.partition};
    const auto known = memory_.generations.find(place);
    if (known == memory_.generations.end() || engine_.random.one_in(engine_.weather.lost_in)) continue;
    broker_.commit(database_.name, last, member_, known->second);
  }
}

Go<void> InboxMember::look() {
  std::set<StreamKey> gaps;
  if (database_.switches.gap_never_closes) co_return;
  for (const auto& [place, parked] : database_.parked)
    if (!parked.behind_dead_letter) gaps.insert(place.first);
  for (const auto& key : gaps) co_await database_.transact([&] { close_gap(key); });
}

// EventApplier::apply.
InboxMember::Verdict InboxMember::apply(const Incoming& incoming, Attempt attempt) {
  const auto& event = incoming.event;
  const auto key = stream_of(event);
  const auto last = database_.last.find(key);
  const messaging::Standing standing{.fresh = !database_.inbox.contains(event.event_id),
                                     .last = last == database_.last.end() ? std::nullopt : std::optional(last->second),
                                     .subject_parked = database_.parked_subjects.contains(subject_of(event))};
  if (database_.switches.no_dedup) return in_turn(incoming, attempt, event.sequence, Origin::kTopic);
  const auto place = messaging::place_of(standing, event.sequence);
  if (engine_.heard())
    engine_.say(database_.name, event.event_type + " #" + std::to_string(event.sequence) + " of " + event.key + ": " +
                                    std::array{"seen before", "old", "waits for a gap", "behind a dead letter",
                                               "its turn"}[static_cast<std::size_t>(place.turn)]);
  switch (place.turn) {
    case Turn::kDuplicate:
      return {};
    case Turn::kOld:
      database_.inbox[event.event_id] = "discarded";
      return {};
    case Turn::kEarly:
      database_.inbox[event.event_id] = "parked";
      database_.parked[{key, place.sequence}] = {.body = body_of(incoming), .incoming = incoming};
      return {};
    case Turn::kBehindDeadLetter:
      database_.inbox[event.event_id] = "parked";
      database_.parked[{key, place.sequence}] = {
          .body = body_of(incoming), .incoming = incoming, .behind_dead_letter = true};
      database_.last[key] = place.sequence;
      break;
    case Turn::kNow: {
      auto verdict = in_turn(incoming, attempt, place.sequence, Origin::kTopic);
      if (verdict.again) return verdict;
    }
  }
  if (!database_.switches.gap_never_closes) close_gap(key);
  return {};
}

InboxMember::Verdict InboxMember::in_turn(const Incoming& incoming, Attempt attempt, std::int64_t sequence,
                                          Origin origin) {
  const auto& event = incoming.event;
  const auto number = body_of(incoming);
  const bool wanted = consumption_.wanted(database_.bodies[number]);
  const auto outcome = wanted ? consumption_.handler(database_.bodies[number]) : Result<void>{};
  if (outcome) {
    database_.inbox[event.event_id] = wanted ? "applied" : "discarded";
    if (wanted) database_.effects.push_back(number);
  } else if (messaging::worth_another_try(outcome.error().code, origin, attempt.number)) {
    return {.again = true, .error = outcome.error()};
  } else {
    if (engine_.heard()) engine_.say(database_.name, event.event_type + " is dead");
    bury(database_, incoming);
  }
  database_.last[stream_of(event)] = sequence;
  return {};
}

void InboxMember::bury(Database& database, const Incoming& incoming) {
  const auto& event = incoming.event;
  database.inbox[event.event_id] = "dead";
  database.dead.push_back({.incoming = incoming});
  if (!database.switches.dead_letter_skips_subject) database.parked_subjects.insert(subject_of(event));
  database.append(event.topic + "." + database.name + ".dlq", event.key, event.subject, "DeadLetter", {});
}

void InboxMember::close_gap(const StreamKey& key) {
  while (true) {
    const auto last = database_.last.find(key);
    if (last == database_.last.end()) return;
    const auto place = std::pair(key, last->second + 1);
    const auto found = database_.parked.find(place);
    if (found == database_.parked.end() || found->second.behind_dead_letter) return;
    if (database_.parked_subjects.contains(subject_of(found->second.incoming.event))) {
      found->second.behind_dead_letter = true;
      database_.last[key] = place.second;
      continue;
    }
    const auto incoming = found->second.incoming;
    const auto verdict = in_turn(incoming, {}, place.second, Origin::kParked);
    if (verdict.again) return;
    database_.parked.erase(place);
  }
}

// EventDecisions::decide: the dead letter, then what waits behind its subject, in order.
Result<void> InboxMember::replay(Database& database, const Consumption& consumption, DeadLetter& letter) {
  const auto subject = subject_of(letter.incoming.event);
  const auto apply_one = [&](const Incoming& incoming) -> Result<void> {
    const auto number = body_of(incoming);
    if (!consumption.wanted(database.bodies[number])) return {};
    EVC_CHECK(consumption.handler(database.bodies[number]));
    database.effects.push_back(number);
    return {};
  };
  std::vector<std::pair<StreamKey, std::int64_t>> behind;
  for (const auto& [place, parked] : database.parked)
    if (parked.behind_dead_letter && subject_of(parked.incoming.event) == subject) behind.push_back(place);
  if (database.switches.replay_forgets_parked) behind.clear();
  // A failure that may pass rolls all of it back.
  for (const auto& place : behind)
    if (consumption.fails_for_now(database.bodies[database.parked[place].body])) return fail(Code::kServiceUnavailable);
  EVC_CHECK(apply_one(letter.incoming));
  letter.open = false;
  database.inbox[letter.incoming.event.event_id] = "applied";
  for (const auto& place : behind) {
    const auto incoming = database.parked[place].incoming;
    const auto outcome = apply_one(incoming);
    database.parked.erase(place);
    if (!outcome) {
      bury(database, incoming);
      return {};
    }
    database.inbox[incoming.event.event_id] = "applied";
  }
  database.parked_subjects.erase(subject);
  return {};
}

}  // namespace evc::simulator
