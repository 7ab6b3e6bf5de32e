#include "simulators/payment_provider/book.hpp"

#include "kit/base/uuid.hpp"
#include "simulators/payment_provider/behaviour.hpp"

namespace evc::payment_provider {
namespace {

struct JournalLine {
  std::string key;  // empty: the hold expired by itself
  std::string fingerprint;
  Authorisation authorisation;
};
BOOST_DESCRIBE_STRUCT(JournalLine, (), (key, fingerprint, authorisation))

std::string amount_text(const Money& money) {
  return std::to_string(money.amount) + std::string(money.currency.code());
}

}  // namespace

Book::Book(BookOptions options, const Clock& clock, Append append)
    : options_(options), clock_(clock), append_(std::move(append)) {}

Result<void> Book::replay(const std::string& line) {
  EVC_TRY(entry, json::decode_text<JournalLine>(line));
  if (!entry.key.empty()) by_key_[entry.key] = {entry.fingerprint, entry.authorisation.id};
  id_by_reference_[entry.authorisation.reference] = entry.authorisation.id;
  by_id_[entry.authorisation.id] = std::move(entry.authorisation);
  return {};
}

void Book::record(const std::string& key, const std::string& fingerprint, const Authorisation& authorisation) {
  append_(json::encode_text(JournalLine{key, fingerprint, authorisation}));
  if (!key.empty()) by_key_[key] = {fingerprint, authorisation.id};
  id_by_reference_[authorisation.reference] = authorisation.id;
  by_id_[authorisation.id] = authorisation;
}

Result<std::optional<Book::Answer>> Book::repeated(const std::string& key, const std::string& fingerprint) {
  if (key.empty() || key.size() > 255) return fail(Code::kIdempotencyKeyInvalid);
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return std::nullopt;
  if (known->second.fingerprint != fingerprint) return fail(Code::kIdempotencyKeyReused);
  return Answer{*live(known->second.id), Answer::Effect::kRepeated};
}

Authorisation* Book::live(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  Authorisation& authorisation = found->second;
  if (authorisation.status == Status::kAuthorised && clock_.wall() >= authorisation.expires_at) {
    authorisation.status = Status::kExpired;
    record("", "", Authorisation(authorisation));
  }
  return &authorisation;
}

std::optional<Authorisation> Book::find(const std::string& id) {
  const Authorisation* found = live(id);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::optional<Authorisation> Book::find_by_reference(const std::string& reference) {
  const auto found = id_by_reference_.find(reference);
  return found == id_by_reference_.end() ? std::nullopt : find(found->second);
}

Result<Book::Answer> Book::authorise(const std::string& key, const AuthoriseRequest& request) {
  const std::string fingerprint =
      "authorise " + request.reference + " " + amount_text(request.amount) + " " + request.token;
  EVC_TRY(known, repeated(key, fingerprint));
  if (known) return std::move(*known);
  if (request.reference.empty() || request.amount.amount <= 0) return fail_field("/amount", "must be positive");
  if (id_by_reference_.contains(request.reference)) return fail(Code::kConflict, "the reference exists already");
  const Behaviour behaviour = behaviour_of(request.token, Step::kAuthorise);
  Authorisation made{
      .id = "au-" + to_string(uuid_v7(clock_)),
      .reference = request.reference,
      .token = request.token,
      .amount = request.amount,
      .captured = Money{0, request.amount.currency},
      .created_at = clock_.wall(),
      .expires_at = clock_.wall() + (behaviour == Behaviour::kExpiredHold ? options_.expired_hold : options_.hold)};
  if (behaviour == Behaviour::kDeclined) {
    made.status = Status::kDeclined;
    made.decline_reason = request.token == "declined" ? "insufficientFunds" : "methodInvalid";
  }
  if (behaviour == Behaviour::kWrongAmount) made.amount.amount += 100;
  record(key, fingerprint, made);
  return Answer{std::move(made)};
}

Result<Book::Answer> Book::capture(const std::string& key, const std::string& id, const Money& amount) {
  const std::string fingerprint = "capture " + id + " " + amount_text(amount);
  EVC_TRY(known, repeated(key, fingerprint));
  if (known) return std::move(*known);
  const Authorisation* current = live(id);
  if (current == nullptr) return fail(Code::kNotFound);
  if (current->status == Status::kExpired) return fail(Code::kConflict, "the hold has expired");
  if (current->status != Status::kAuthorised) return fail(Code::kConflict, "nothing is held");
  if (amount.currency != current->amount.currency || amount.amount <= 0 || amount.amount > current->amount.amount)
    return fail_field("/amount", "more than is held");
  if (behaviour_of(current->token, Step::kCapture) == Behaviour::kCaptureFails)
    return fail(Code::kConstraintViolation, "the capture is refused");
  Authorisation changed = *current;
  changed.status = Status::kCaptured;
  changed.captured = amount;
  record(key, fingerprint, changed);
  return Answer{std::move(changed)};
}

Result<Book::Answer> Book::release(const std::string& key, const std::string& id) {
  const std::string fingerprint = "void " + id;
  EVC_TRY(known, repeated(key, fingerprint));
  if (known) return std::move(*known);
  const Authorisation* current = live(id);
  if (current == nullptr) return fail(Code::kNotFound);
  if (current->status == Status::kCaptured) return fail(Code::kConflict, "it is captured");
  Authorisation changed = *current;
  // Letting go of what is not held any more is done already.
  if (changed.status == Status::kAuthorised) changed.status = Status::kVoided;
  record(key, fingerprint, changed);
  return Answer{std::move(changed)};
}

Result<Book::Answer> Book::refund(const std::string& key, const std::string& id, const Money& amount) {
  const std::string fingerprint = "refund " + id + " " + amount_text(amount);
  EVC_TRY(known, repeated(key, fingerprint));
  if (known) return std::move(*known);
  const Authorisation* current = live(id);
  if (current == nullptr) return fail(Code::kNotFound);
  if (current->status != Status::kCaptured) return fail(Code::kConflict, "nothing is captured");
  const Money before = current->refunded.value_or(Money{0, current->amount.currency});
  if (amount.amount <= 0) return fail_field("/amount", "must be positive");
  EVC_TRY(total, add(before, amount));
  if (total.amount > current->captured.amount) return fail_field("/amount", "more than is captured");
  if (behaviour_of(current->token, Step::kRefund) == Behaviour::kRefundFails)
    return fail(Code::kConstraintViolation, "the refund is refused");
  Authorisation changed = *current;
  changed.refunded = total;
  record(key, fingerprint, changed);
  return Answer{std::move(changed)};
}

Result<Book::Answer> Book::increment(const std::string& key, const std::string& id, const Money& amount) {
  const std::string fingerprint = "increment " + id + " " + amount_text(amount);
  EVC_TRY(known, repeated(key, fingerprint));
  if (known) return std::move(*known);
  const Authorisation* current = live(id);
  if (current == nullptr) return fail(Code::kNotFound);
  if (current->status != Status::kAuthorised) return fail(Code::kConflict, "nothing is held");
  if (amount.amount <= 0) return fail_field("/amount", "must be positive");
  if (behaviour_of(current->token, Step::kIncrement) == Behaviour::kIncrementDeclined)
    return fail(Code::kConstraintViolation, "the increment is refused");
  EVC_TRY(total, add(current->amount, amount));
  Authorisation changed = *current;
  changed.amount = total;
  record(key, fingerprint, changed);
  return Answer{std::move(changed)};
}

}  // namespace evc::payment_provider
