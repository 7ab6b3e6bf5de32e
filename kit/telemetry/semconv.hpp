// Attribute names of spans, by OpenTelemetry's semantic conventions (1.44), and our own `ev.*`: spelt here
// when more than one file needs them. Values are never about a person: whoever sets one leaves out
// addresses, names and secrets.
#pragma once

#include <string_view>

namespace evc::telemetry::semconv {

inline constexpr std::string_view kSchemaUrl = "https://opentelemetry.io/schemas/1.44.0";

inline constexpr std::string_view kServiceName = "service.name";
inline constexpr std::string_view kServiceInstanceId = "service.instance.id";
inline constexpr std::string_view kServiceVersion = "service.version";

inline constexpr std::string_view kTelemetrySdkName = "telemetry.sdk.name";
inline constexpr std::string_view kTelemetrySdkLanguage = "telemetry.sdk.language";

inline constexpr std::string_view kErrorType = "error.type";
inline constexpr std::string_view kPeerService = "peer.service";
inline constexpr std::string_view kServerAddress = "server.address";

inline constexpr std::string_view kHttpRequestMethod = "http.request.method";
inline constexpr std::string_view kHttpRoute = "http.route";
inline constexpr std::string_view kHttpResponseStatusCode = "http.response.status_code";
inline constexpr std::string_view kHttpRequestResendCount = "http.request.resend_count";
inline constexpr std::string_view kUrlScheme = "url.scheme";
inline constexpr std::string_view kUrlTemplate = "url.template";

inline constexpr std::string_view kMessagingSystem = "messaging.system";
inline constexpr std::string_view kMessagingOperationName = "messaging.operation.name";
inline constexpr std::string_view kMessagingOperationType = "messaging.operation.type";
inline constexpr std::string_view kMessagingDestinationName = "messaging.destination.name";
inline constexpr std::string_view kMessagingDestinationPartitionId = "messaging.destination.partition.id";
inline constexpr std::string_view kMessagingKafkaOffset = "messaging.kafka.offset";
inline constexpr std::string_view kMessagingConsumerGroupName = "messaging.consumer.group.name";
inline constexpr std::string_view kMessagingMessageId = "messaging.message.id";
inline constexpr std::string_view kMessagingBatchMessageCount = "messaging.batch.message_count";

inline constexpr std::string_view kEvSessionId = "ev.session.id";
inline constexpr std::string_view kEvStationId = "ev.station.id";
inline constexpr std::string_view kEvRetryAttempt = "ev.retry.attempt";
inline constexpr std::string_view kEvEventType = "ev.event.type";
inline constexpr std::string_view kEvOcppAction = "ev.ocpp.action";

}  // namespace evc::telemetry::semconv
