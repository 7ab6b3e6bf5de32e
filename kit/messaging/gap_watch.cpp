#include "kit/messaging/gap_watch.hpp"

#include <algorithm>
#include <set>

#include "contracts/events.hpp"
#include "kit/base/crash_point.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::messaging {
namespace {

namespace key = telemetry::key;

constexpr std::chrono::seconds kLookLimit{4};
constexpr std::chrono::seconds kAskLimit{10};
constexpr std::chrono::seconds kTakeInLimit{60};
constexpr std::chrono::milliseconds kDefaultTimeout{10'000};
constexpr int kPages = 20;  // of one key at one look

}  // namespace

std::chrono::milliseconds GapWatch::timeout_of(const std::string& topic) const {
  if (options_.timeout) return *options_.timeout;
  const auto* known = contracts::find_topic(topic);
  return known ? std::chrono::milliseconds(known->gap_alarm_ms) : kDefaultTimeout;
}

Task<Result<std::size_t>> GapWatch::look() {
  auto context = background_context(kLookLimit);
  EVC_CO_TRY(gaps, co_await applier_.store().gaps(context, pool_));
  std::set<KeyId> waiting;
  for (const auto& gap : gaps) {
    // What went wrong with one key is tried again at the next look; the others are looked at now.
    const auto waits = co_await look_at(gap);
    if (!waits || *waits) waiting.emplace(gap.topic, gap.key);
  }
  std::erase_if(overdue_, [&](const auto& each) { return !waiting.contains(each.first); });
  applier_.metrics().lost_keys(
      static_cast<std::size_t>(std::ranges::count_if(overdue_, [](const auto& each) { return each.second.lost; })));
  co_return waiting.size();
}

// True while the key waits for something that is missing.
Task<Result<bool>> GapWatch::look_at(const GapKey& gap) {
  EVC_CO_TRY(missing, co_await close(gap));
  if (!missing) co_return false;
  if (gap.waited < timeout_of(gap.topic)) co_return true;
  const auto [place, first_time] = overdue_.try_emplace(KeyId{gap.topic, gap.key});
  if (first_time)
    EVC_LOG(kError, "a key waits for a missing event",
            {{key::kTopic, gap.topic}, {key::kSubject, gap.key}, {key::kSequence, missing->from}});
  if (options_.ask && std::chrono::steady_clock::now() >= place->second.ask_at)
    co_await fetch(std::move(*missing), place->second);
  co_return true;
}

// Applies what waits and is no longer early. What is missing after that; nothing when the key does not wait, or waits
// only because its next event fails for now.
Task<Result<std::optional<MissingEvents>>> GapWatch::close(const GapKey& gap) {
  auto context = background_context(kLookLimit);
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(last, co_await applier_.store().lock_key(context, transaction, gap.topic, gap.key));
  if (!last) co_return std::optional<MissingEvents>{};
  EVC_CO_CHECK(co_await applier_.close_gap(transaction, gap.topic, gap.key, *last));
  EVC_CO_TRY(missing, co_await still_missing(context, transaction, gap.topic, gap.key));
  EVC_CO_CHECK(EVC_STEP("inbox.gap.close", co_await transaction.commit(context)));
  co_return std::move(missing);
}

Task<Result<std::optional<MissingEvents>>> GapWatch::still_missing(RequestContext& context,
                                                                   postgres::Transaction& transaction,
                                                                   std::string topic, std::string event_key) {
  EVC_CO_TRY(last, co_await applier_.store().lock_key(context, transaction, topic, event_key));
  EVC_CO_TRY(first, co_await applier_.store().first_waiting(context, transaction, topic, event_key));
  if (!last || !first || *first <= *last + 1) co_return std::optional<MissingEvents>{};
  co_return MissingEvents{.topic = topic, .key = event_key, .from = *last + 1, .to = *first - 1};
}

Task<> GapWatch::fetch(MissingEvents missing, Overdue& overdue) {
  for (int page = 0; page < kPages; ++page) {
    auto context = background_context(kAskLimit);
    auto held = co_await options_.ask(context, missing);
    if (!held) co_return failed(missing, overdue, held.error());
    const auto until = held->until;
    auto rest = co_await take_in(*held, missing);
    if (!rest) co_return failed(missing, overdue, rest.error());
    overdue.failures = 0;
    if (!*rest) co_return;
    if ((*rest)->from <= until) co_return lost(**rest, overdue);
    missing = std::move(**rest);
  }
}

// Parks what was held where it belongs and applies the key as far as it goes, in one transaction.
Task<Result<std::optional<MissingEvents>>> GapWatch::take_in(const HeldEvents& held, MissingEvents missing) {
  auto context = background_context(kTakeInLimit);
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(last, co_await applier_.store().lock_key(context, transaction, missing.topic, missing.key));
  for (const auto& event : held.events) {
    if (event.discarded) {
      // Its turn must have come: nothing is passed over.
      EVC_CO_CHECK(co_await applier_.close_gap(transaction, missing.topic, missing.key, last.value_or(0)));
      EVC_CO_TRY(now, co_await applier_.store().lock_key(context, transaction, missing.topic, missing.key));
      last = now;
      if (!last || *last + 1 != event.sequence) continue;
      EVC_CO_CHECK(co_await applier_.pass_over(context, transaction, event));
      last = event.sequence;
      continue;
    }
    EVC_CO_CHECK(co_await applier_.park_held(context, transaction, event));
  }
  EVC_CO_CHECK(co_await applier_.close_gap(transaction, missing.topic, missing.key, last.value_or(0)));
  EVC_CO_TRY(rest, co_await still_missing(context, transaction, missing.topic, missing.key));
  EVC_CO_CHECK(EVC_STEP("inbox.gap.take_in", co_await transaction.commit(context)));
  for (const auto& event : held.events)
    applier_.metrics().gap_event(missing.topic, event.discarded ? "discarded" : "fetched");
  if (!held.events.empty())
    EVC_LOG(kWarn, "missing events came from the producer's outbox",
            {{key::kTopic, missing.topic},
             {key::kSubject, missing.key},
             {key::kSequence, missing.from},
             {key::kCount, held.events.size()}});
  co_return std::move(rest);
}

void GapWatch::failed(const MissingEvents& missing, Overdue& overdue, const Error& error) {
  const auto pause = options_.ask_again * (1 << std::min(overdue.failures++, 10));
  overdue.ask_at = std::chrono::steady_clock::now() + std::min(pause, options_.ask_again_cap);
  applier_.metrics().gap_event(missing.topic, "failed");
  EVC_LOG(kWarn, "the producer could not be asked for a missing event",
          {{key::kTopic, missing.topic},
           {key::kSubject, missing.key},
           {key::kSequence, missing.from},
           {key::kErrorCode, info(error.code).name},
           {key::kErrorDetail, error.detail},
           {key::kAttempt, overdue.failures}});
}

void GapWatch::lost(const MissingEvents& missing, Overdue& overdue) {
  overdue.ask_at = std::chrono::steady_clock::now() + options_.ask_again_cap;
  if (std::exchange(overdue.lost, true)) return;
  applier_.metrics().gap_event(missing.topic, "lost");
  EVC_LOG(kError, "the producer no longer holds a missing event; an operator decides",
          {{key::kTopic, missing.topic}, {key::kSubject, missing.key}, {key::kSequence, missing.from}});
}

}  // namespace evc::messaging
