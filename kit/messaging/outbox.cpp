#include "kit/messaging/outbox.hpp"

#include "contracts/events.hpp"
#include "kit/messaging/header_bytes.hpp"
#include "kit/telemetry/semconv.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::messaging {

namespace {

namespace semconv = telemetry::semconv;

constexpr postgres::Statement kNextSequence{
    "outbox.next_sequence",
    "INSERT INTO stream (topic, key, seq) VALUES ($1, $2, 1) "
    "ON CONFLICT (topic, key) DO UPDATE SET seq = stream.seq + 1 RETURNING seq"};
constexpr postgres::Statement kInsert{
    "outbox.insert",
    "INSERT INTO outbox (event_id, topic, key, seq, subject, headers, payload) VALUES ($1, $2, $3, $4, $5, $6, $7)"};

Task<Result<std::int64_t>> next_sequence(RequestContext& context, postgres::Transaction& transaction, std::string topic,
                                         std::string key) {
  auto rows = co_await transaction.exec(context, kNextSequence, postgres::Params(topic, key));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return rows->get<std::int64_t>(0, 0);
}

Result<void> insert(postgres::Transaction& transaction, const kafka::Record& record, const Uuid& event_id,
                    const std::string& subject, std::int64_t sequence) {
  postgres::Params params(event_id, record.topic, record.key, sequence, subject);
  params.add_bytes(encode_headers(record.headers)).add_bytes(record.value);
  return transaction.defer(kInsert, std::move(params));
}

telemetry::Span create_span(const RequestContext& context, const EventDraft& draft, const Uuid& event_id) {
  return telemetry::start_span("create " + draft.topic, context.trace,
                               {.kind = telemetry::SpanKind::kProducer,
                                .attributes = {{semconv::kMessagingSystem, "kafka"},
                                               {semconv::kMessagingOperationName, "create"},
                                               {semconv::kMessagingOperationType, "create"},
                                               {semconv::kMessagingDestinationName, draft.topic},
                                               {semconv::kMessagingMessageId, to_string(event_id)},
                                               {semconv::kEvEventType, draft.type}}});
}

}  // namespace

SchemaNames contract_schemas() {
  return [](std::string_view topic, std::string_view type) -> std::optional<std::string> {
    const auto* found = contracts::find_event_type(type);
    if (!found || found->topic != topic) return std::nullopt;
    return std::string(found->data_schema);
  };
}

Outbox::Outbox(std::string source, SchemaNames schemas) : source_(std::move(source)), schemas_(std::move(schemas)) {}

Task<Result<Uuid>> Outbox::append(RequestContext& context, postgres::Transaction& transaction, EventDraft draft) {
  const auto schema = schemas_(draft.topic, draft.type);
  if (!schema) co_return fail(Code::kSchemaInvalid, draft.type + " is no event of " + draft.topic);
  const Uuid event_id = uuid_v7(*context.clock);
  auto span = create_span(context, draft, event_id);
  auto traced = context.with_trace(span.context());

  auto sequence = co_await next_sequence(traced, transaction, draft.topic, draft.key);
  if (!sequence) {
    span.fail(info(sequence.error().code).name);
    co_return std::unexpected(std::move(sequence).error());
  }
  // Milliseconds, as the text form has them: what is read back is what was written.
  const auto now = std::chrono::floor<std::chrono::milliseconds>(context.clock->wall());
  Event event{.event_id = event_id,
              .event_type = std::move(draft.type),
              .occurred_at = now,
              .correlation_id = draft.correlation_id.value_or(event_id),
              .trace_id = span.context().trace_id_hex(),
              .user_id = std::move(draft.user_id),
              .sequence = *sequence,
              .data = std::move(draft.data),
              .topic = std::move(draft.topic),
              .key = std::move(draft.key),
              .causation_id = draft.causation_id,
              .creation = span.context()};
  event.subject = draft.subject.empty() ? event.key : std::move(draft.subject);

  auto inserted = insert(transaction, to_record(event, source_, *schema), event_id, event.subject, *sequence);
  if (!inserted) {
    span.fail(info(inserted.error().code).name);
    co_return std::unexpected(std::move(inserted).error());
  }
  co_return event_id;
}

Task<Result<void>> Outbox::append_record(RequestContext& context, postgres::Transaction& transaction,
                                         kafka::Record record, Uuid event_id, std::string subject) {
  auto sequence = co_await next_sequence(context, transaction, record.topic, record.key);
  if (!sequence) co_return std::unexpected(std::move(sequence).error());
  co_return insert(transaction, record, event_id, subject, *sequence);
}

}  // namespace evc::messaging
