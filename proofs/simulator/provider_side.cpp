#include "proofs/simulator/provider_side.hpp"

#include "kit/base/json.hpp"

namespace evc::simulator {

ProviderSide::ProviderSide(Engine& engine) : engine_(engine), process_(engine.add_process("provider")) {
  process_.may_crash = false;
  process_.boot = [] {};
  engine.start(process_);
}

Go<void> ProviderSide::delay() {
  const bool slow = engine_.random.one_in(engine_.weather.lost_in);
  co_await engine_.sleep(Ms(engine_.random.between(1, slow ? kSlowest.count() : 80)));
}

ProviderSide::Hold* ProviderSide::by_id(const std::string& id) {
  for (auto& [reference, hold] : holds)
    if (hold.id == id) return &hold;
  return nullptr;
}

void ProviderSide::expire(Hold& hold) {
  if (hold.status != "authorised" || engine_.now() < hold.expires_at) return;
  hold.status = "expired";
  if (engine_.heard()) engine_.say("provider", "the hold " + hold.reference + " has expired");
  on_expired(hold.reference);
}

void ProviderSide::reply(const ReplyTo& to, Hold* hold, int status) {
  // Its effect, and then an error of its own.
  if (engine_.random.one_in(engine_.weather.lost_in)) return answer(engine_, to, {500, "{}"});
  if (hold == nullptr) return answer(engine_, to, {status, "{}"});
  const auto money = [](std::int64_t amount) { return json::Object{{"amount", amount}, {"currency", "BRL"}}; };
  const json::Object body{{"id", hold->id},
                          {"status", hold->status},
                          {"amount", money(hold->amount)},
                          {"captured", money(hold->captured)},
                          {"declineReason", "insufficientFunds"},
                          {"expiresAt", format_rfc3339(engine_.wall() + (hold->expires_at - engine_.now()))}};
  if (engine_.heard()) engine_.say("provider", std::to_string(status) + " " + hold->reference + " " + hold->status);
  answer(engine_, to, {status, json::serialize(body)});
}

Go<void> ProviderSide::authorise(std::string reference, std::int64_t amount, ReplyTo to) {
  co_await delay();
  auto [place, fresh] = holds.try_emplace(reference);
  auto& hold = place->second;
  if (fresh) {
    hold = {.id = "au-" + reference,
            .reference = reference,
            .status = declines ? "declined" : "authorised",
            .amount = amount,
            .expires_at = engine_.now() + hold_lasts};
    engine_.at(hold.expires_at, [this, &hold] { expire(hold); });
  }
  reply(to, &hold, 201);
}

Go<void> ProviderSide::capture(std::string id, std::int64_t amount, ReplyTo to) {
  co_await delay();
  auto* hold = by_id(id);
  const bool can = hold != nullptr && hold->status == "authorised" && amount > 0 && amount <= hold->amount;
  if (can) {
    hold->status = "captured";
    hold->captured = amount;
  }
  const bool done = hold != nullptr && hold->status == "captured" && hold->captured == amount;
  reply(to, done ? hold : nullptr, done ? 200 : 409);
}

Go<void> ProviderSide::release(std::string id, ReplyTo to) {
  co_await delay();
  auto* hold = by_id(id);
  if (hold != nullptr && hold->status == "authorised") hold->status = "voided";
  const bool done = hold != nullptr && hold->status == "voided";
  reply(to, done ? hold : nullptr, done ? 200 : hold == nullptr ? 404 : 409);
}

Go<void> ProviderSide::increment(std::string id, std::int64_t number, std::int64_t amount, ReplyTo to) {
  co_await delay();
  auto* hold = by_id(id);
  if (hold != nullptr && hold->status == "authorised" && !hold->increments.contains(number)) {
    hold->increments[number] = !declines_increments;
    if (!declines_increments) hold->amount += amount;
  }
  const bool done = hold != nullptr && hold->increments.contains(number) && hold->increments.at(number);
  reply(to, done ? hold : nullptr, done ? 200 : 409);
}

Go<void> ProviderSide::look(std::string reference, ReplyTo to) {
  co_await delay();
  const auto found = holds.find(reference);
  reply(to, found == holds.end() ? nullptr : &found->second, found == holds.end() ? 404 : 200);
}

}  // namespace evc::simulator
