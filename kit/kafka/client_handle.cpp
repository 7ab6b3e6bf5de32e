#include "kit/kafka/client_handle.hpp"

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace evc::kafka {

namespace {

// Joins at the end of the program what destroy_in_background() started, so that no thread outlives main's statics.
class Reaper {
 public:
  ~Reaper() {
    for (auto& thread : threads_) thread.join();
  }
  void take(ClientHandle client) {
    std::lock_guard lock(mutex_);
    std::erase_if(threads_, [](Destroying& each) { return each.join_if_done(); });
    threads_.emplace_back(std::move(client));
  }

 private:
  class Destroying {
   public:
    explicit Destroying(ClientHandle client) : done_(std::make_shared<std::atomic<bool>>(false)) {
      thread_ = std::thread([client = std::move(client), done = done_]() mutable {
        client.reset();
        done->store(true);
      });
    }
    bool join_if_done() {
      if (!done_->load()) return false;
      thread_.join();
      return true;
    }
    void join() { thread_.join(); }

   private:
    std::shared_ptr<std::atomic<bool>> done_;
    std::thread thread_;
  };

  std::mutex mutex_;
  std::vector<Destroying> threads_;
};

void forward_log(const rd_kafka_t* client, int severity, const char* /*facility*/, const char* line) {
  static_cast<ConnectionLog*>(rd_kafka_opaque(client))->write(severity, line);
}

class ConfigHandle {
 public:
  ConfigHandle() : config_(rd_kafka_conf_new()) {}
  ~ConfigHandle() {
    if (config_) rd_kafka_conf_destroy(config_);
  }
  ConfigHandle(const ConfigHandle&) = delete;
  ConfigHandle& operator=(const ConfigHandle&) = delete;

  void set(const std::string& name, const std::string& value) {
    char reason[512];
    if (rd_kafka_conf_set(config_, name.c_str(), value.c_str(), reason, sizeof reason) != RD_KAFKA_CONF_OK)
      throw std::runtime_error("kafka setting " + name + ": " + reason);
  }
  rd_kafka_conf_t* get() { return config_; }
  void release() { config_ = nullptr; }

 private:
  rd_kafka_conf_t* config_;
};

}  // namespace

void DestroyClient::operator()(rd_kafka_s* client) const {
  // A consumer that shall leave its group has been closed before; waiting for the broker here would only delay the
  // stop.
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
void DestroyQueue::operator()(rd_kafka_queue_s* queue) const {
  rd_kafka_queue_destroy(queue);
}
void DestroyEvent::operator()(rd_kafka_op_s* event) const {
  rd_kafka_event_destroy(event);
}
void DestroyPartitions::operator()(rd_kafka_topic_partition_list_s* partitions) const {
  rd_kafka_topic_partition_list_destroy(partitions);
}

ClientHandle make_client(ClientKind kind, const ConnectOptions& connect, const ClientSettings& settings,
                         std::shared_ptr<ConnectionLog> log) {
  if (!connect.identity) throw std::runtime_error("kafka client: no certificate is set");
  auto identity = connect.identity->current();
  ConfigHandle config;
  config.set("bootstrap.servers", connect.bootstrap);
  config.set("client.id", connect.client_id);
  config.set("security.protocol", "ssl");
  config.set("ssl.ca.location", identity->files.ca);
  config.set("ssl.certificate.location", identity->files.certificate);
  config.set("ssl.key.location", identity->files.key);
  config.set("socket.nagle.disable", "true");
  config.set("socket.keepalive.enable", "true");
  config.set("reconnect.backoff.ms", "100");
  config.set("reconnect.backoff.max.ms", "2000");
  config.set("log.connection.close", "false");
  for (const auto& [name, value] : settings) config.set(name, value);
  rd_kafka_conf_set_opaque(config.get(), log.get());
  rd_kafka_conf_set_log_cb(config.get(), forward_log);
  const int events = kind == ClientKind::kProducer ? RD_KAFKA_EVENT_DR
                                                   : RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE |
                                                         RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_STATS;
  rd_kafka_conf_set_events(config.get(), events | RD_KAFKA_EVENT_ERROR);
  char reason[512];
  rd_kafka_t* client = rd_kafka_new(kind == ClientKind::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, config.get(),
                                    reason, sizeof reason);
  if (!client) throw std::runtime_error(std::string("kafka client: ") + reason);
  config.release();
  return ClientHandle(client, DestroyClient{.log = std::move(log), .identity = std::move(identity)});
}

bool outdated(const ClientHandle& client, const ConnectOptions& connect) {
  return client && connect.identity->current() != client.get_deleter().identity;
}

void destroy_in_background(ClientHandle client) {
  static Reaper reaper;
  if (client) reaper.take(std::move(client));
}

}  // namespace evc::kafka
