#include "kit/kafka/broker_certificates.hpp"

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <map>
#include <thread>
#include <vector>

#include "kit/kafka/admin.hpp"
#include "kit/kafka/client_handle.hpp"

namespace evc::kafka {
namespace {

constexpr int kTimeoutMs = static_cast<int>(kAdminTimeout.count());
// A broker reads a store again when a setting of the listener is written that names it, also with the file that it has.
// The setting is taken back then: it would outlive a move of the folder.
constexpr std::chrono::milliseconds kLook{50};
constexpr const char* kStore = "ssl.keystore.location";
constexpr const char* kListenerStore = "listener.name.ssl.ssl.keystore.location";
constexpr const char* kListenerType = "listener.name.ssl.ssl.keystore.type";

struct DestroyResource {
  void operator()(rd_kafka_ConfigResource_t* resource) const { rd_kafka_ConfigResource_destroy(resource); }
};
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, DestroyResource>;
struct DestroyOptions {
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
};
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, DestroyOptions>;

struct Session {
  std::shared_ptr<ConnectionLog> log = std::make_shared<ConnectionLog>("admin", ConnectionLog::Forward::kNowhere);
  ClientHandle client;
  QueueHandle queue;

  std::unexpected<Error> failed(rd_kafka_resp_err_t code, const std::string& what) const {
    const bool denied = code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    return fail(denied ? Code::kForbidden : Code::kBrokerUnavailable,
                what + ": " + rd_kafka_err2name(code) + log->reason());
  }
  // Requests about a broker go to that broker.
  Options options(rd_kafka_admin_op_t operation, int broker) const {
    Options made(rd_kafka_AdminOptions_new(client.get(), operation));
    char reason[256];
    rd_kafka_AdminOptions_set_request_timeout(made.get(), kTimeoutMs, reason, sizeof reason);
    rd_kafka_AdminOptions_set_broker(made.get(), broker, reason, sizeof reason);
    return made;
  }
  Result<EventHandle> answer(const std::string& what) const {
    EventHandle event(rd_kafka_queue_poll(queue.get(), kTimeoutMs + 2000));
    if (!event) return failed(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return failed(code, what);
    return event;
  }
};

Result<std::vector<int>> brokers_of(const Session& session) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(session.client.get(), 0, nullptr, &metadata, kTimeoutMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return session.failed(code, "cluster metadata");
  std::vector<int> ids;
  for (int i = 0; i < metadata->broker_cnt; ++i) ids.push_back(metadata->brokers[i].id);
  rd_kafka_metadata_destroy(metadata);
  return ids;
}

using Settings = std::map<std::string, std::string>;
struct Broker {
  std::string store;  // its keystore's file
  Settings told;      // at run time; what is told next takes the place of all of it
};

Result<Broker> look_at(const Session& session, int broker) {
  Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, std::to_string(broker).c_str()));
  auto* raw = resource.get();
  const auto options = session.options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, broker);
  rd_kafka_DescribeConfigs(session.client.get(), &raw, 1, options.get(), session.queue.get());
  EVC_TRY(event, session.answer("settings of broker " + std::to_string(broker)));
  std::size_t count = 0;
  const auto** found =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  Broker about;
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto code = rd_kafka_ConfigResource_error(found[i]); code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return session.failed(code, "settings of broker " + std::to_string(broker));
    std::size_t entries = 0;
    const auto** entry = rd_kafka_ConfigResource_configs(found[i], &entries);
    for (std::size_t e = 0; e < entries; ++e) {
      const char* value = rd_kafka_ConfigEntry_value(entry[e]);
      const std::string name = rd_kafka_ConfigEntry_name(entry[e]);
      if (name == kStore && value != nullptr) about.store = value;
      if (rd_kafka_ConfigEntry_source(entry[e]) != RD_KAFKA_CONFIG_SOURCE_DYNAMIC_BROKER_CONFIG) continue;
      if (value == nullptr && name != kListenerStore && name != kListenerType)
        return fail(Code::kConflict, "broker " + std::to_string(broker) + " was told a secret that would be lost");
      about.told[name] = value == nullptr ? "" : value;
    }
  }
  if (about.store.empty()) return fail(Code::kConflict, "the broker has no keystore file");
  return about;
}

Result<void> write(const Session& session, int broker, const Settings& settings) {
  Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, std::to_string(broker).c_str()));
  for (const auto& [name, value] : settings)
    rd_kafka_ConfigResource_set_config(resource.get(), name.c_str(), value.c_str());
  auto* raw = resource.get();
  const auto options = session.options(RD_KAFKA_ADMIN_OP_ALTERCONFIGS, broker);
  rd_kafka_AlterConfigs(session.client.get(), &raw, 1, options.get(), session.queue.get());
  EVC_TRY(event, session.answer("keystore of broker " + std::to_string(broker)));
  std::size_t count = 0;
  const auto** found = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_ConfigResource_error(found[i]);
    const char* said = rd_kafka_ConfigResource_error_string(found[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return session.failed(code, "keystore of broker " + std::to_string(broker) + ": " + (said ? said : ""));
  }
  return {};
}

Result<void> reload(const Session& session, int broker) {
  EVC_TRY(before, look_at(session, broker));
  before.told.erase(kListenerStore);
  before.told.erase(kListenerType);
  auto with = before.told;
  with[kListenerStore] = before.store;
  with[kListenerType] = "PEM";
  EVC_CHECK(write(session, broker, with));
  // Both changes at once would be none: the broker must have seen the first one.
  const auto deadline = std::chrono::steady_clock::now() + kAdminTimeout;
  while (true) {
    EVC_TRY(now, look_at(session, broker));
    if (now.told.contains(kListenerStore)) break;
    if (std::chrono::steady_clock::now() >= deadline)
      return fail(Code::kBrokerUnavailable, "broker " + std::to_string(broker) + " does not take its keystore");
    std::this_thread::sleep_for(kLook);
  }
  return write(session, broker, before.told);
}

}  // namespace

Result<int> reload_broker_certificates(const ConnectOptions& connect) {
  Session session;
  session.client = make_client(ClientKind::kProducer, connect, {}, session.log);
  session.queue.reset(rd_kafka_queue_new(session.client.get()));
  EVC_TRY(brokers, brokers_of(session));
  for (const int broker : brokers) {
    EVC_CHECK(reload(session, broker));
  }
  return static_cast<int>(brokers.size());
}

}  // namespace evc::kafka
