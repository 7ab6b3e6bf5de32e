// Transactions of OCPP 1.6 with their replay keys as constraints: a repeated start finds its first id, a repeated stop
// changes nothing. Nothing that a station says about a transaction is thrown away: what does not add up becomes a
// reconciliation case.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "services/integrations/domain/ocpp/messages.hpp"
#include "services/integrations/domain/ocpp/meter_reading.hpp"

namespace evc::integrations::store {

struct StartRow {
  std::int64_t transaction_id = 0;
  bool is_new = false;
  std::string id_tag_status;  // of the first time
};
Task<Result<StartRow>> insert_start(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                                    ocpp::StartTransaction start, std::optional<Uuid> session_id,
                                    std::string id_tag_status);

// Whether another transaction of this session exists already, other than this very message (ConcurrentTx).
Task<Result<bool>> session_is_used(RequestContext& context, postgres::Transaction& transaction, Uuid session_id,
                                   std::string station_id, ocpp::StartTransaction start);
// The id of a transaction at the connector that has no stop yet.
Task<Result<std::optional<std::int64_t>>> open_transaction_at(RequestContext& context,
                                                              postgres::Transaction& transaction,
                                                              std::string station_id, std::int64_t connector_id);

struct TransactionRow {
  std::int64_t transaction_id = 0;
  std::int64_t connector_id = 0;
  std::int64_t meter_start_wh = 0;
  std::optional<std::int64_t> meter_wh;  // the latest reading
  std::optional<Uuid> session_id;
};
Task<Result<std::optional<TransactionRow>>> find_transaction(RequestContext& context,
                                                             postgres::Transaction& transaction, std::string station_id,
                                                             std::int64_t transaction_id);

// A transaction that its station has forgotten: restarted since, at least `settled_for` ago, it shows the connector as
// free. Asked when the station refuses to stop the transaction.
struct ForgottenRow {
  std::int64_t connector_id = 0;
  std::int64_t meter_start_wh = 0;
  std::int64_t meter_wh = 0;  // the latest reading, else that of the start
  WallTime at{};              // of that reading, by the station's clock
  std::optional<Uuid> session_id;
};
Task<Result<std::optional<ForgottenRow>>> find_forgotten(RequestContext& context, postgres::Transaction& transaction,
                                                         std::string station_id, std::int64_t transaction_id,
                                                         std::chrono::milliseconds settled_for);

enum class StopOutcome { kFirst, kRepeated, kDiffers };
Task<Result<StopOutcome>> insert_stop(RequestContext& context, postgres::Transaction& transaction,
                                      std::string station_id, ocpp::StopTransaction stop);

// All values of one message and the transaction's latest reading, in one statement; repeated values add nothing. 0
// stands for "outside of a transaction".
struct MeterMessage {
  std::string station_id;
  std::int64_t connector_id = 0;
  std::int64_t transaction_id = 0;
  std::vector<ocpp::MeterValue> values;
  std::optional<ocpp::MeterReading> latest;
};
// False when the station has no such transaction. The first form is a transaction of its own: one round trip for the
// most frequent message.
Task<Result<bool>> insert_meter_values(RequestContext& context, postgres::Pool& pool, MeterMessage message);
Task<Result<bool>> insert_meter_values(RequestContext& context, postgres::Transaction& transaction,
                                       MeterMessage message);

Task<Result<void>> open_case(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                             std::int64_t transaction_id, std::string kind, std::string message);

}  // namespace evc::integrations::store
