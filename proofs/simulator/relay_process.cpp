#include "proofs/simulator/relay_process.hpp"

#include <algorithm>

namespace evc::simulator {

using messaging::ParkedRows;
using messaging::RowFate;

RelayProcess::RelayProcess(Database& database, Broker& broker, int number)
    : database_(database),
      broker_(broker),
      engine_(database.engine),
      process_(engine_.add_process("relay " + database.name + " " + std::to_string(number))) {
  process_.boot = [this] { engine_.spawn(process_, run()); };
}

Go<void> RelayProcess::run() {
  int failures = 0;
  while (true) {
    progressed_ = false;
    const Code ended = co_await session();
    if (holds_slot()) database_.slot.holder = 0;
    const auto next =
        messaging::pause_after(ended, failures, progressed_, Ms(2'000), Ms(10'000), engine_.random.next());
    failures = next.failures;
    co_await engine_.sleep(next.pause);
  }
}

bool RelayProcess::holds_slot() const {
  return database_.slot.holder == connection_ && connection_ != 0;
}

Go<Code> RelayProcess::session() {
  if (database_.slot.holder != 0 && !database_.switches.no_slot_fence) co_return Code::kConflict;
  const bool opened = co_await open();
  if (!opened) co_return Code::kBrokerUnavailable;
  while (holds_slot() || database_.switches.no_slot_fence) {
    if (engine_.now() >= next_beat_) {
      const bool alive = co_await heartbeat();
      if (!alive) break;
    }
    const bool went = co_await follow_once();
    if (!went) break;
  }
  co_return Code::kBrokerUnavailable;
}

Go<bool> RelayProcess::open() {
  auto& slot = database_.slot;
  if (slot.missing) {
    const auto noted = co_await database_.transact([&] {
      slot.reemission_due = true;
      ++slot.mark;
    });
    if (noted != Database::Commit::kDone || slot.holder != 0) co_return false;
    // The new slot begins where the WAL ends now.
    slot.missing = false;
    slot.confirmed = database_.log.size();
  }
  co_await engine_.step();
  if (slot.missing || (slot.holder != 0 && !database_.switches.no_slot_fence)) co_return false;
  connection_ = ++slot.connections;
  slot.holder = connection_;
  read_ = slot.confirmed;
  mark_ = slot.mark;
  safe_point_.reset();
  next_beat_ = Ms(0);
  if (engine_.heard()) engine_.say(process_.name, "follows from row " + std::to_string(read_));
  const bool entered = co_await enter_cluster();
  if (!entered) co_return false;
  if (!slot.reemission_due) co_return true;
  co_return co_await reemit();
}

// Relay::Impl::enter_cluster().
Go<bool> RelayProcess::enter_cluster() {
  auto& slot = database_.slot;
  cluster_ = broker_.cluster();
  if (!messaging::another_cluster(slot.cluster, cluster_)) {
    slot.cluster = cluster_;
    co_return true;
  }
  // It is due from now on; who notes it without holding the slot any more leaves it to the next opening.
  slot.emitting = connection_;
  const auto known = slot.cluster;
  bool mine = false;
  const auto noted = co_await database_.transact([&] {
    mine = slot.cluster == known;
    if (!mine) return;
    slot.cluster = cluster_;
    slot.reemission_due = slot.everything_due = true;
    mark_ = ++slot.mark;
  });
  if (noted != Database::Commit::kDone) co_return false;
  co_return mine;
}

std::vector<OutboxRow> RelayProcess::past_since(WallTime safe, std::int64_t after_pos) const {
  std::vector<OutboxRow> view = database_.log;
  std::erase_if(view, [&](const OutboxRow& row) { return row.created_at < safe || row.pos <= after_pos; });
  std::ranges::sort(view, {}, &OutboxRow::pos);
  return view;
}

Go<bool> RelayProcess::reemit() {
  database_.slot.emitting = connection_;
  const auto safe = database_.slot.everything_due ? WallTime::min() : database_.safe_point.value_or(WallTime::min());
  auto view = past_since(safe, 0);
  if (database_.switches.no_reemission) view.clear();
  if (engine_.heard()) engine_.say(process_.name, "emits " + std::to_string(view.size()) + " rows again");
  constexpr std::size_t kPage = 3;
  while (!view.empty()) {
    std::vector<OutboxRow> page(view.begin(), view.begin() + static_cast<std::ptrdiff_t>(std::min(kPage, view.size())));
    view.erase(view.begin(), view.begin() + static_cast<std::ptrdiff_t>(page.size()));
    const auto last = page.back().pos;
    const bool delivered = co_await deliver(std::move(page), ParkedRows::kSkip);
    if (!delivered) co_return false;
    if (database_.switches.reemit_each_page_its_view) view = past_since(safe, last);
  }
  bool known = false;
  const auto ended = co_await database_.transact([&] {
    // Noted anew by another relay: a slot was lost meanwhile, and its rows are not among these.
    known = database_.slot.mark == mark_ || database_.switches.any_note_is_taken_back;
    if (known) database_.slot.reemission_due = database_.slot.everything_due = false;
  });
  if (!known) co_return false;
  if (ended != Database::Commit::kDone) co_return false;
  database_.slot.emitting = 0;
  co_return true;
}

std::vector<OutboxRow> RelayProcess::next_rows() {
  std::vector<OutboxRow> rows;
  const auto limit = static_cast<std::size_t>(engine_.random.between(1, 5));
  if (database_.switches.poll_by_position) {
    rows = database_.log;
    std::erase_if(rows, [&](const OutboxRow& row) { return row.pos <= polled_; });
    std::ranges::sort(rows, {}, &OutboxRow::pos);
    if (rows.size() > limit) rows.resize(limit);
    if (!rows.empty()) polled_ = rows.back().pos;
    return rows;
  }
  if (database_.switches.no_slot_fence) read_ = std::max(read_, database_.slot.confirmed);
  while (read_ < database_.log.size() && rows.size() < limit) rows.push_back(database_.log[read_++]);
  return rows;
}

// Relay::Impl::step().
Go<bool> RelayProcess::follow_once() {
  auto rows = next_rows();
  if (rows.empty()) {
    co_await engine_.wait(database_.committed.listen(), Ms(5'000));
    co_return true;
  }
  messaging::RelayRound round;
  const auto end = read_;
  round.take(end, rows.size());
  const auto count = rows.size();
  if (database_.switches.confirm_before_delivery || database_.switches.no_slot_fence) confirm(end);
  if (database_.switches.swap_within_batch && rows.size() > 1) std::swap(rows.front(), rows.back());
  const bool delivered = co_await deliver(std::move(rows), ParkedRows::kSkip);
  if (!delivered) co_return false;
  round.dealt_with(count);
  // The feedback reaches the server a moment later, or never.
  co_await engine_.step();
  if (const auto confirmable = round.confirmable()) confirm(*confirmable);
  progressed_ = true;
  co_return true;
}

void RelayProcess::confirm(std::size_t end) {
  if (holds_slot() || database_.switches.no_slot_fence)
    database_.slot.confirmed = std::max(database_.slot.confirmed, end);
}

Go<bool> RelayProcess::heartbeat() {
  next_beat_ = engine_.now() + Ms(10'000);
  if (broker_.cluster() != cluster_) co_return false;
  if (const auto safe = safe_point_.confirmed(database_.slot.confirmed)) {
    const auto stored = co_await database_.transact([&] { database_.safe_point = *safe; });
    if (stored != Database::Commit::kDone) co_return false;
  }
  const auto at = engine_.wall();
  safe_point_.heartbeat(at, database_.log.size());
  if (database_.parked_streams.empty()) co_return true;
  co_return co_await release_parked();
}

// An operator has mended the limit of the topic: the key goes on from its rejected row.
Go<bool> RelayProcess::release_parked() {
  if (engine_.stormy()) co_return true;
  const auto keys = database_.parked_streams;
  for (const auto& [key, from] : keys) {
    std::vector<OutboxRow> page = database_.log;
    std::erase_if(page, [&](const OutboxRow& row) {
      const auto& body = database_.bodies[row.body];
      return body.topic != key.first || body.key != key.second || body.sequence < from;
    });
    const bool delivered = co_await deliver(std::move(page), ParkedRows::kInclude);
    if (!delivered) co_return false;
    const auto done = co_await database_.transact([&] { database_.parked_streams.erase(key); });
    if (done != Database::Commit::kDone) co_return false;
  }
  co_return true;
}

kafka::Record RelayProcess::record_of(const OutboxRow& row) const {
  const auto& body = database_.bodies[row.body];
  kafka::Record record{.topic = body.topic, .key = body.key};
  record.value = std::to_string(row.body);
  if (body.type == "Large" && engine_.stormy()) record.value.resize(kLargest + 1);
  return record;
}

Go<bool> RelayProcess::deliver(std::vector<OutboxRow> rows, ParkedRows parked_rows) {
  std::vector<OutboxRow> going;
  for (const auto& row : rows) {
    const auto record = record_of(row);
    const auto sequence = database_.bodies[row.body].sequence;
    const auto fate =
        messaging::fate_of(record, sequence, database_.parked_streams, parked_rows, {.largest_record_bytes = kLargest});
    if (fate == RowFate::kSkip) continue;
    if (fate == RowFate::kReject) {
      const StreamKey key{record.topic, record.key};
      const auto stored = co_await database_.transact([&] { database_.parked_streams.emplace(key, sequence); });
      if (stored != Database::Commit::kDone) co_return false;
      continue;
    }
    going.push_back(row);
  }
  if (going.empty()) co_return true;
  co_return co_await send(std::move(going));
}

// No relay of ours does that. It is what the sequence check of the inbox heals, once a key has its first event.
void RelayProcess::shuffle(std::vector<OutboxRow>& rows, std::size_t first, std::size_t end) {
  const auto movable = [&](const OutboxRow& row) { return database_.bodies[row.body].sequence > 1; };
  for (auto i = first; i + 1 < end; ++i)
    if (movable(rows[i]) && movable(rows[i + 1]) && engine_.random.one_in(2)) std::swap(rows[i], rows[i + 1]);
}

// kafka::Producer: one chunk is outstanding; the first failure ends the whole.
Go<bool> RelayProcess::send(std::vector<OutboxRow> rows) {
  std::size_t from = 0;
  while (from < rows.size()) {
    const auto size = static_cast<std::size_t>(engine_.random.between(1, 3));
    const auto end = std::min(from + size, rows.size());
    co_await engine_.step();
    std::size_t written = end;
    // Who has not met the new brokers has no connection to them.
    if (broker_.cluster() != cluster_) co_return false;
    const bool failed = engine_.random.one_in(engine_.weather.lost_in);
    // Nothing, a part, or all of the chunk is in the log, and nobody can tell.
    if (failed) written = from + static_cast<std::size_t>(engine_.random.between(0, static_cast<int>(end - from)));
    std::size_t first = from;
    if (failed && database_.switches.several_in_flight) first = from + 1, written = end;
    if (rough && first < written) shuffle(rows, first, written);
    for (std::size_t i = first; i < written; ++i) broker_.append(record_of(rows[i]));
    if (engine_.heard())
      engine_.say(process_.name, "wrote " + std::to_string(written - std::min(first, written)) + " of " +
                                     std::to_string(end - from) + (failed ? ", and does not know it" : ""));
    co_await engine_.step();
    if (failed && !database_.switches.go_on_after_failed_chunk) co_return false;
    if (database_.switches.confirm_after_first_chunk) confirm(read_);
    from = end;
  }
  co_return true;
}

}  // namespace evc::simulator
