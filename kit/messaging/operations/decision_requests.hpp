// The bodies of the operator's decisions, read and checked.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/http/message.hpp"

namespace evc::messaging {

// Some dead letters. A dry run needs no reason.
struct LettersRequest {
  std::vector<Uuid> event_ids;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(LettersRequest, (), (event_ids, reason))

struct GapRequest {
  std::string topic, key;
  std::int64_t missing_from = 0, missing_to = 0;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(GapRequest, (), (topic, key, missing_from, missing_to, reason))

struct ParkedEventRequest {
  std::string topic, key;
  std::int64_t sequence = 0;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(ParkedEventRequest, (), (topic, key, sequence, reason))

struct ParkedKeyRequest {
  std::string topic, key, reason;
};
BOOST_DESCRIBE_STRUCT(ParkedKeyRequest, (), (topic, key, reason))

Result<LettersRequest> letters_in_dry_run(const http::Request& request);
Result<LettersRequest> letters_in(const http::Request& request);
Result<GapRequest> gap_in(const http::Request& request);
Result<ParkedEventRequest> parked_event_in(const http::Request& request);
Result<ParkedKeyRequest> parked_key_in(const http::Request& request);

}  // namespace evc::messaging
