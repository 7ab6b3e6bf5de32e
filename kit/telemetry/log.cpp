#include "kit/telemetry/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "kit/base/bytes.hpp"
#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/telemetry/batch_queue.hpp"
#include "kit/telemetry/log_file.hpp"
#include "kit/telemetry/otlp.hpp"

namespace evc::telemetry {
namespace {

std::atomic<Level> current_level{Level::kInfo};

void append_member(std::string& line, std::string_view name, std::string_view text) {
  fmt::format_to(std::back_inserter(line), ",\"{}\":", name);
  line += json::serialize(json::Value(text));
}

template <std::size_t N>
std::string_view as_text(const std::array<std::uint8_t, N>& id) {
  return {reinterpret_cast<const char*>(id.data()), N};
}

void append_line(std::string& out, const LogRecord& record, const std::string& service, const std::string& instance) {
  fmt::format_to(std::back_inserter(out), "{{\"timestamp\":\"{}\",\"severityText\":\"{}\"", format_rfc3339(record.at),
                 severity_text(record.level));
  append_member(out, "body", record.body);
  append_member(out, "service.name", service);
  append_member(out, "service.instance.id", instance);
  if (record.trace_id != std::array<std::uint8_t, 16>{}) {
    append_member(out, "traceId", hex_encode(as_text(record.trace_id)));
    append_member(out, "spanId", hex_encode(as_text(record.span_id)));
  }
  for (const LogField& field : record.fields) {
    if (field.is_number) {
      fmt::format_to(std::back_inserter(out), ",\"{}\":{}", field.key.name(), field.number);
    } else {
      append_member(out, field.key.name(), field.text);
    }
  }
  out += "}\n";
}

void write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads: there is no better place to say so
    text.remove_prefix(static_cast<std::size_t>(written));
    log_file_wrote(static_cast<std::uint64_t>(written));
  }
}

constexpr std::chrono::milliseconds kGather{10};
constexpr std::size_t kTogether = 256;

// The writer's thread and, with an endpoint, the sender to the Collector.
class Writer {
 public:
  explicit Writer(const LogOptions& options) : options_(options) {
    if (!options.otlp_endpoint.empty()) {
      client_ = std::make_unique<OtlpClient>(OtlpResource{options.service_name, options.instance_id, {}},
                                             options.otlp_endpoint, OtlpSignal::kLogs);
      sender_ = std::make_unique<BatchQueue>(BatchQueue::Options{.limit = options.queue_limit},
                                             [this](std::string_view records) { return client_->send(records); });
    }
    thread_ = std::thread([this] { run(); });
  }

  void push(LogRecord record) {
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.size() >= options_.queue_limit) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      waiting_.push_back(std::move(record));
      if (waiting_.size() != 1 && waiting_.size() != kTogether) return;  // the writer knows already
    }
    changed_.notify_one();
  }

  void stop(std::chrono::milliseconds limit) {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
    if (!sender_) return;
    sender_->stop(limit);
    sender_->join();
  }

  std::uint64_t dropped() const {
    return dropped_.load(std::memory_order_relaxed) + (sender_ ? sender_->dropped() : 0);
  }

 private:
  void run() {
    std::vector<LogRecord> taken;
    std::string text;
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      // Lines of a moment go out together: one wake-up and one write for many.
      changed_.wait_for(lock, kGather, [this] { return stopping_ || waiting_.size() >= kTogether; });
      taken.swap(waiting_);
      lock.unlock();
      text.clear();
      for (const LogRecord& record : taken) append_line(text, record, options_.service_name, options_.instance_id);
      write_out(text);
      if (sender_) export_all(taken, text);
      taken.clear();
      lock.lock();
    }
  }

  void export_all(const std::vector<LogRecord>& records, std::string& entry) {
    for (const LogRecord& record : records) {
      entry.clear();
      append_otlp(entry, record);
      sender_->push(entry);
    }
  }

  LogOptions options_;
  std::unique_ptr<OtlpClient> client_;
  std::unique_ptr<BatchQueue> sender_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LogRecord> waiting_;
  std::atomic<std::uint64_t> dropped_{0};
  bool stopping_ = false;
  std::thread thread_;
};

constexpr auto kFlushLimit = std::chrono::milliseconds(2000);

std::mutex writer_mutex;  // guards the three below; held for a pointer copy only
std::shared_ptr<Writer> writer;
std::string service_name = "evcosta";
std::string instance_id;
std::atomic<std::uint64_t> dropped_before{0};

}  // namespace

bool log_enabled(Level level) {
  return level >= current_level.load(std::memory_order_relaxed);
}
void set_log_level(Level level) {
  current_level.store(level, std::memory_order_relaxed);
}
Level log_level() {
  return current_level.load(std::memory_order_relaxed);
}

void log(Level level, const TraceContext& trace, std::string_view body, std::initializer_list<LogField> fields) {
  if (!log_enabled(level)) return;
  LogRecord record{.level = level,
                   .at = system_clock().wall(),
                   .trace_id = trace.trace_id,
                   .span_id = trace.span_id,
                   .body = std::string(body),
                   .fields = fields};
  std::unique_lock lock(writer_mutex);
  if (const auto target = writer) {
    lock.unlock();
    target->push(std::move(record));
    return;
  }
  std::string line;
  append_line(line, record, service_name, instance_id);
  write_out(line);
}

void log(Level level, std::string_view body, std::initializer_list<LogField> fields) {
  log(level, TraceContext{}, body, fields);
}

void start_logging(const LogOptions& options) {
  set_log_level(options.level);
  auto started = std::make_shared<Writer>(options);
  const std::scoped_lock lock(writer_mutex);
  writer = std::move(started);
  service_name = options.service_name;
  instance_id = options.instance_id;
}

void stop_logging() {
  std::shared_ptr<Writer> stopping;
  {
    const std::scoped_lock lock(writer_mutex);
    stopping = std::exchange(writer, nullptr);
  }
  if (!stopping) return;
  stopping->stop(kFlushLimit);
  dropped_before.fetch_add(stopping->dropped(), std::memory_order_relaxed);
}

std::uint64_t log_lines_dropped() {
  const std::scoped_lock lock(writer_mutex);
  return dropped_before.load(std::memory_order_relaxed) + (writer ? writer->dropped() : 0);
}

}  // namespace evc::telemetry
