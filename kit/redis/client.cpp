#include "kit/redis/client.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"
#include "kit/redis/hang_news.hpp"
#include "kit/redis/link.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::redis {
namespace {

std::unexpected<Error> unavailable(std::string reason) {
  return fail(Code::kCacheUnavailable, std::move(reason));
}

// The name by which EVALSHA knows a script; nothing is secured by it.
std::string sha1_hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVC_ASSERT(EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr) == 1);
  return hex_encode({reinterpret_cast<const char*>(digest), length});
}

}  // namespace

// Each slot is kept connected by a task of its own, so no request ever waits for a reconnect: while a slot is down its
// commands are answered at once. A command that timed out takes every connection down, on the other workers too,
// because it is Redis that hangs: the 2 s are paid once.
struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
  struct Slot {
    std::shared_ptr<Link> link;
    std::shared_ptr<ssl_ctx_st> context;  // with which it began
    SteadyTime since;                     // when Redis greeted it
    int failures = 0;                     // since it last worked
  };

  Impl(Worker& w, Options o)
      : worker(w),
        options(std::move(o)),
        news(options.news ? options.news : std::make_shared<HangNews>()),
        slots(std::max<std::size_t>(options.connections, 1)),
        up(telemetry::metrics().gauge("redis_client_connections", "Connections to Redis that work")),
        refused(telemetry::metrics().counter("redis_client_unavailable_total", "Commands answered without Redis")) {}

  Worker& worker;
  Options options;
  std::shared_ptr<HangNews> news;
  std::uint64_t membership = 0;
  std::vector<Slot> slots;
  std::size_t next_slot = 0;
  bool closed = false;
  std::vector<std::shared_ptr<OneShot<bool>>> waiting_for_first;
  std::unordered_map<const char*, std::string> script_names;
  std::map<std::string, telemetry::Histogram> durations;
  telemetry::Gauge up;
  telemetry::Counter refused;

  static Task<> keep_connected(std::shared_ptr<Impl> self, std::size_t index);
  void start();
  void close();
  void hangs(SteadyTime noticed);
  std::shared_ptr<Link> ready();
  void renew_one();
  bool may_come_up() const;
  void wake_waiting();
  Task<std::shared_ptr<Link>> link(SteadyTime deadline);
  Task<Result<Reply>> round_trip(const std::vector<std::string>& arguments, SteadyTime context_deadline);
  telemetry::Histogram& duration_of(const std::string& command);
};

void Client::Impl::start() {
  membership = news->join(worker, [weak = weak_from_this()](SteadyTime noticed) {
    if (const auto self = weak.lock()) self->hangs(noticed);
  });
  for (std::size_t index = 0; index < slots.size(); ++index)
    worker.tasks().spawn("redis connection", keep_connected(shared_from_this(), index));
}

Task<> Client::Impl::keep_connected(std::shared_ptr<Impl> self, std::size_t index) {
  Slot& slot = self->slots[index];
  while (!self->closed && !self->worker.tasks().cancelled()) {
    const auto pause = reconnect_pause(slot.failures);
    if (pause.count() > 0) co_await sleep_for(self->worker, pause);
    if (self->closed) break;
    auto context = self->options.tls ? self->options.tls->context() : nullptr;
    auto opened =
        co_await open_stream(self->worker, self->options, std::chrono::steady_clock::now() + self->options.timeout);
    if (!opened) {
      if (slot.failures++ == 0)
        EVC_LOG(kWarn, "Redis cannot be reached", {{telemetry::key::kErrorDetail, opened.error().detail}});
      self->wake_waiting();
      continue;
    }
    if (self->closed) break;
    slot.link = std::make_shared<Link>(self->worker, std::move(opened->stream), std::move(opened->reader),
                                       self->options.timeout);
    slot.context = std::move(context);
    slot.since = std::chrono::steady_clock::now();
    slot.failures = 0;
    self->up.add(1);
    self->wake_waiting();
    const Link::End end = co_await Link::serve(slot.link);
    slot.link.reset();
    self->up.add(-1);
    if (end == Link::End::kTimedOut && !self->closed) {
      EVC_LOG(kWarn, "Redis did not answer in time");
      const SteadyTime noticed = std::chrono::steady_clock::now();
      self->hangs(noticed);
      self->news->tell(noticed);
    }
  }
  self->wake_waiting();
}

// What Redis greeted after that moment works again and stays.
void Client::Impl::hangs(SteadyTime noticed) {
  for (Slot& slot : slots) {
    if (slot.link && slot.since > noticed) continue;
    slot.failures = std::max(slot.failures, 1);
    if (slot.link) slot.link->close();
  }
  wake_waiting();
}

void Client::Impl::wake_waiting() {
  for (const auto& waiter : std::exchange(waiting_for_first, {})) waiter->deliver(true);
}

// After a renewal of the certificate the connections are made anew, one after the other.
void Client::Impl::renew_one() {
  if (!options.tls) return;
  const auto context = options.tls->context();
  const auto connected = [](const Slot& slot) { return slot.link && slot.link->open(); };
  if (!std::ranges::all_of(slots, connected)) return;
  const auto old = std::ranges::find_if(slots, [&](const Slot& slot) { return slot.context != context; });
  if (old != slots.end()) old->link->retire();
}

std::shared_ptr<Link> Client::Impl::ready() {
  renew_one();
  for (std::size_t tried = 0; tried < slots.size(); ++tried) {
    const Slot& slot = slots[next_slot++ % slots.size()];
    if (slot.link && slot.link->open()) return slot.link;
  }
  return nullptr;
}

// A first attempt is under way: at the start, or because the server closed a healthy connection.
bool Client::Impl::may_come_up() const {
  return !closed && !worker.tasks().cancelled() &&
         std::any_of(slots.begin(), slots.end(), [](const Slot& slot) { return slot.failures == 0; });
}

Task<std::shared_ptr<Link>> Client::Impl::link(SteadyTime deadline) {
  while (true) {
    auto found = ready();
    if (found || !may_come_up()) co_return found;
    auto waiter = std::make_shared<OneShot<bool>>(worker.executor());
    waiting_for_first.push_back(waiter);
    auto alarm = worker.wheel().arm(deadline, [waiter] { waiter->deliver(false); });
    const auto changed = co_await OneShot<bool>::wait(waiter);
    if (!changed.value_or(false)) co_return nullptr;
  }
}

Task<Result<Reply>> Client::Impl::round_trip(const std::vector<std::string>& arguments, SteadyTime context_deadline) {
  const SteadyTime deadline = std::min(context_deadline, std::chrono::steady_clock::now() + options.timeout);
  auto through = co_await link(deadline);
  if (!through) co_return unavailable("no connection to Redis");
  auto pending = through->send(arguments);
  if (!pending) co_return unavailable("too many commands wait for Redis");
  DeadlineWheel::Handle alarm;
  // The caller may have less time than Redis: then its reply is dropped when it comes, and the connection goes on.
  if (context_deadline == deadline && deadline != SteadyTime::max()) {
    alarm = worker.wheel().arm(
        deadline, [pending] { pending->deliver(unavailable("Redis did not answer before the request's deadline")); });
  }
  auto reply = co_await Link::Pending::wait(pending);
  if (!reply) co_return unavailable("the command was cancelled");
  co_return std::move(*reply);
}

telemetry::Histogram& Client::Impl::duration_of(const std::string& command) {
  const auto found = durations.find(command);
  if (found != durations.end()) return found->second;
  auto histogram = telemetry::metrics().histogram("redis_client_operation_duration_seconds", "Commands to Redis",
                                                  {{"command", command}}, telemetry::latency_bounds_seconds());
  return durations.emplace(command, histogram).first->second;
}

void Client::Impl::close() {
  closed = true;
  news->leave(membership);
  for (Slot& slot : slots) {
    if (slot.link) slot.link->close();
  }
  wake_waiting();
}

Client::Client(Worker& worker, Options options) : impl_(std::make_shared<Impl>(worker, std::move(options))) {
  impl_->start();
}
Client::~Client() {
  impl_->close();
}
void Client::close() {
  impl_->close();
}

Task<Result<Reply>> Client::command(RequestContext& context, std::vector<std::string> arguments) {
  EVC_ASSERT(!arguments.empty());
  const std::string name = arguments.front();
  telemetry::Span span =
      telemetry::start_span(name, context.trace,
                            {.kind = telemetry::SpanKind::kClient,
                             .attributes = {{"db.system.name", std::string("redis")}, {"db.operation.name", name}},
                             .links = {}});
  const SteadyTime begun = std::chrono::steady_clock::now();
  const std::shared_ptr<Impl> impl = impl_;
  auto reply = co_await impl->round_trip(arguments, context.deadline);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  impl->duration_of(name).observe(took.count(), &span.context());
  if (!reply) {
    impl->refused.add();
    span.fail(info(reply.error().code).name);
    co_return reply;
  }
  if (reply->kind == Reply::Kind::kError) {
    span.fail(reply->text.substr(0, reply->text.find(' ')));
    co_return fail(Code::kProtocolError, std::move(reply->text));
  }
  co_return reply;
}

Task<Result<std::optional<std::string>>> Client::get(RequestContext& context, std::string key) {
  std::vector<std::string> arguments{"GET", std::move(key)};
  auto reply = co_await command(context, std::move(arguments));
  if (!reply) co_return std::unexpected(std::move(reply).error());
  if (reply->kind == Reply::Kind::kNil) co_return std::optional<std::string>{};
  co_return std::optional<std::string>{std::move(reply->text)};
}

Task<Result<void>> Client::set(RequestContext& context, std::string key, std::string value,
                               std::chrono::milliseconds ttl) {
  std::vector<std::string> arguments{"SET", std::move(key), std::move(value), "PX", std::to_string(ttl.count())};
  auto reply = co_await command(context, std::move(arguments));
  if (!reply) co_return std::unexpected(std::move(reply).error());
  co_return Result<void>{};
}

Task<Result<void>> Client::publish(RequestContext& context, std::string channel, std::string message) {
  std::vector<std::string> arguments{"PUBLISH", std::move(channel), std::move(message)};
  auto reply = co_await command(context, std::move(arguments));
  if (!reply) co_return std::unexpected(std::move(reply).error());
  co_return Result<void>{};
}

Task<Result<Reply>> Client::eval(RequestContext& context, std::string_view script, std::vector<std::string> keys,
                                 std::vector<std::string> arguments) {
  std::string& name = impl_->script_names[script.data()];
  if (name.empty()) name = sha1_hex(script);
  std::vector<std::string> call{"EVALSHA", name, std::to_string(keys.size())};
  call.insert(call.end(), keys.begin(), keys.end());
  call.insert(call.end(), arguments.begin(), arguments.end());
  auto reply = co_await command(context, call);
  if (reply || reply.error().code != Code::kProtocolError || !reply.error().detail.starts_with("NOSCRIPT"))
    co_return reply;
  call[0] = "EVAL";
  call[1] = std::string(script);
  co_return co_await command(context, std::move(call));
}

}  // namespace evc::redis
