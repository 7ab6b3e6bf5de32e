// Updates of providers that are no charge points of ours (contracts/http/integrations.yaml, ProviderUpdate): from the
// provider's body to the `data` of an ExternalUpdate, and each provider's secret. Pure.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/secret.hpp"

namespace evc::integrations {

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
BOOST_DESCRIBE_STRUCT(ProviderUpdate, (),
                      (kind, station_id, timestamp, connector_id, status, transaction_id, meter_wh, power_kw, soc))

// validation-failed with the pointer.
Result<json::Object> update_data(std::string_view provider, const ProviderUpdate& update);
// hex(HMAC-SHA256(base secret, provider)): one file for all of them.
Secret<std::string> provider_secret(const Secret<std::string>& base, std::string_view provider);
bool is_provider_name(std::string_view text);

}  // namespace evc::integrations
