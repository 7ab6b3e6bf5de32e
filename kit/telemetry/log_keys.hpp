// The only keys that a log line may carry. Add one here (with the dotted name it has in JSON) when a new fact is worth
// searching for; never one that can hold an e-mail, name, token, plate, position of a person or internal user id.
#pragma once

#include <string_view>

namespace evc::telemetry {

class LogKey {
 public:
  explicit constexpr LogKey(std::string_view name) : name_(name) {}
  constexpr std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

namespace key {
inline constexpr LogKey kErrorCode{"error.code"};
inline constexpr LogKey kErrorDetail{"error.detail"};
inline constexpr LogKey kHttpMethod{"http.request.method"};
inline constexpr LogKey kHttpRoute{"http.route"};
inline constexpr LogKey kHttpStatus{"http.response.status_code"};
inline constexpr LogKey kDurationUs{"duration_us"};
inline constexpr LogKey kPeer{"peer.service"};
inline constexpr LogKey kPort{"server.port"};
inline constexpr LogKey kSessionId{"ev.session.id"};
inline constexpr LogKey kStationId{"ev.station.id"};
inline constexpr LogKey kState{"ev.state"};
inline constexpr LogKey kTopic{"messaging.destination.name"};
inline constexpr LogKey kEventId{"event.id"};
inline constexpr LogKey kEventType{"event.type"};
inline constexpr LogKey kSequence{"event.sequence"};
inline constexpr LogKey kSubject{"event.subject"};
inline constexpr LogKey kCount{"count"};
inline constexpr LogKey kAttempt{"attempt"};
inline constexpr LogKey kReason{"reason"};
inline constexpr LogKey kLsn{"db.lsn"};
inline constexpr LogKey kStatement{"db.query.summary"};
inline constexpr LogKey kOcppAction{"ocpp.action"};
inline constexpr LogKey kReference{"ev.payment.reference"};
inline constexpr LogKey kSetting{"setting"};
inline constexpr LogKey kTask{"task"};
}  // namespace key

}  // namespace evc::telemetry
