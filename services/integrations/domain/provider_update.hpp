// Signed updates of providers that are no charge points of ours (contracts/headers.md, "Signed calls"; contracts/http/integrations.yaml, ProviderUpdate):
// the signature check and the way from the provider's body to the `data` of an ExternalUpdate. Pure: time and secret are passed in.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/secret.hpp"

namespace evc::integrations {

struct SignedCall {
  std::string_view id;         // webhook-id
  std::string_view timestamp;  // webhook-timestamp
  std::string_view signature;  // webhook-signature: "v1,<base64>", several separated by a space
  std::string_view body;
};
// signature-invalid, with a reason for the log only.
Result<void> verify_signature(const SignedCall& call, const Secret<std::string>& secret, WallTime now);
std::string sign(const SignedCall& call, const Secret<std::string>& secret);

struct ProviderUpdate {
  std::string kind;
  std::string station_id;
  WallTime timestamp{};
  std::optional<std::int64_t> connector_id;
  std::optional<std::string> status;
  std::optional<std::string> transaction_id;
  std::optional<std::int64_t> meter_wh;
  std::optional<double> power_kw;
  std::optional<double> soc;
};
BOOST_DESCRIBE_STRUCT(ProviderUpdate, (), (kind, station_id, timestamp, connector_id, status, transaction_id, meter_wh, power_kw, soc))

// validation-failed with the pointer.
Result<json::Object> update_data(std::string_view provider, const ProviderUpdate& update);
bool is_provider_name(std::string_view text);

}  // namespace evc::integrations
