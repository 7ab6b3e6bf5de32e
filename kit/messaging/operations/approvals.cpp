#include "kit/messaging/operations/approvals.hpp"

namespace evc::messaging {
namespace {

using postgres::Params;
using postgres::Statement;

// A wish that stands is not touched; one that has expired makes room.
constexpr Statement kAsk{
    "event_approval.ask",
    "INSERT INTO event_approval AS a (action, item, event_id, topic, key, sequence, requested_by, reason, "
    "requested_at, "
    "expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (action, item) DO UPDATE SET "
    "requested_by = CASE WHEN a.expires_at <= $9 THEN $7 ELSE a.requested_by END, "
    "reason = CASE WHEN a.expires_at <= $9 THEN $8 ELSE a.reason END, "
    "requested_at = CASE WHEN a.expires_at <= $9 THEN $9 ELSE a.requested_at END, "
    "expires_at = CASE WHEN a.expires_at <= $9 THEN $10 ELSE a.expires_at END "
    "RETURNING action, event_id, topic, key, sequence, requested_by, reason, requested_at, expires_at"};
constexpr Statement kForget{"event_approval.forget", "DELETE FROM event_approval WHERE action = $1 AND item = $2"};
constexpr Statement kList{
    "event_approval.list",
    "SELECT action, event_id, topic, key, sequence, requested_by, reason, requested_at, expires_at FROM event_approval "
    "a "
    "WHERE expires_at > $1 AND (event_id IS NULL OR EXISTS (SELECT 1 FROM dead_letter d WHERE d.event_id = a.event_id "
    "AND d.state = 'dead')) ORDER BY requested_at, item LIMIT $2"};

Approval approval_in(const postgres::Rows& rows, std::size_t row) {
  return {.action = rows.get<std::string>(row, 0),
          .subject = {.event_id = rows.get<std::optional<Uuid>>(row, 1),
                      .topic = rows.get<std::string>(row, 2),
                      .key = rows.get<std::string>(row, 3),
                      .sequence = rows.get<std::optional<std::int64_t>>(row, 4)},
          .requested_by = rows.get<std::string>(row, 5),
          .reason = rows.get<std::string>(row, 6),
          .requested_at = rows.get<WallTime>(row, 7),
          .expires_at = rows.get<WallTime>(row, 8)};
}

}  // namespace

Task<Result<Permission>> ask(RequestContext& context, postgres::Pool& pool, Item item, Decision decision) {
  const auto& subject = item.subject;
  if (!needs_second_person(decision.action, subject.topic.value_or(""), subject.consumer.value_or("")))
    co_return Permission{};
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(
      rows, co_await pool.exec(context, kAsk,
                               Params(text_of(decision.action), item.name, subject.event_id, subject.topic, subject.key,
                                      subject.sequence, who_asks(context), decision.reason, now, now + kApprovalLife)));
  auto wish = approval_in(rows, 0);
  if (wish.requested_by != who_asks(context)) co_return Permission{.requested_by = std::move(wish.requested_by)};
  EVC_CO_CHECK(co_await record_run(context, pool, subject, decision, {.outcome = Outcome::kApprovalRequired}));
  co_return Permission{.waits = std::move(wish)};
}

Task<Result<void>> forget_wish(RequestContext& context, postgres::Pool& pool, Item item, Decision decision) {
  if (!decision.requested_by) co_return Result<void>{};
  auto forgotten = co_await pool.exec(context, kForget, Params(text_of(decision.action), item.name));
  if (!forgotten) co_return std::unexpected(std::move(forgotten).error());
  co_return Result<void>{};
}

Task<Result<std::vector<Approval>>> list_wishes(RequestContext& context, postgres::Pool& pool, std::int64_t limit) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kList, Params(context.clock->wall(), limit)));
  std::vector<Approval> wishes;
  for (std::size_t i = 0; i < rows.size(); ++i) wishes.push_back(approval_in(rows, i));
  co_return wishes;
}

}  // namespace evc::messaging
