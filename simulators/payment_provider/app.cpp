// evcosta-payment-provider: a payment provider that misbehaves on demand (README.md). One worker, because its book is
// one.
#include "kit/service/service.hpp"
#include "kit/telemetry/log.hpp"
#include "simulators/payment_provider/api.hpp"
#include "simulators/payment_provider/book.hpp"
#include "simulators/payment_provider/journal.hpp"
#include "simulators/payment_provider/webhooks.hpp"

namespace evc::payment_provider {
namespace {

struct ProviderSettings {
  std::string journal;
  std::int64_t hold_minutes = 360;
  std::int64_t expired_hold_ms = 2'000;
  std::int64_t slow_ms = 6'000;
  std::int64_t silent_ms = 60'000;
  std::int64_t out_of_order_ms = 3'000;
  std::int64_t seed = 0;

  void check(SettingLimits& limits) const {
    limits.not_empty("journal", journal);
    limits.range<std::int64_t>("hold_minutes", hold_minutes, 1, 10'080);
    limits.range<std::int64_t>("expired_hold_ms", expired_hold_ms, 0, 3'600'000);
    limits.range<std::int64_t>("slow_ms", slow_ms, 0, 60'000);
    limits.range<std::int64_t>("silent_ms", silent_ms, 0, 600'000);
    limits.range<std::int64_t>("out_of_order_ms", out_of_order_ms, 0, 60'000);
    limits.range<std::int64_t>("seed", seed, 0, 1'000'000'000'000);
  }
};
BOOST_DESCRIBE_STRUCT(ProviderSettings, (),
                      (journal, hold_minutes, expired_hold_ms, slow_ms, silent_ms, out_of_order_ms, seed))

// The book and its file, in one object, because each needs the other.
struct Memory {
  explicit Memory(const ProviderSettings& settings)
      : book({.hold = std::chrono::minutes{settings.hold_minutes},
              .expired_hold = std::chrono::milliseconds{settings.expired_hold_ms}},
             system_clock(), [this](const std::string& line) { journal->append(line); }) {
    journal = std::make_unique<Journal>(settings.journal, [this](const std::string& line) {
      if (auto replayed = book.replay(line); !replayed)
        throw std::runtime_error("the journal holds a line that is none: " + replayed.error().detail);
    });
  }
  std::unique_ptr<Journal> journal;
  Book book;
};

void wire(service::WorkerScope& scope) {
  if (!scope.first()) throw std::runtime_error("the simulated provider runs on one worker: set workers to 1");
  const auto settings = scope.settings<ProviderSettings>("provider");
  auto& memory = scope.own<Memory>(settings);
  auto& webhooks = scope.own<Webhooks>(scope.worker(), scope.peer("payment"), scope.secret("payment-provider-webhook"),
                                       system_clock());
  const ApiOptions options{.slow = std::chrono::milliseconds{settings.slow_ms},
                           .silent = std::chrono::milliseconds{settings.silent_ms},
                           .out_of_order = std::chrono::milliseconds{settings.out_of_order_ms},
                           .seed = static_cast<std::uint64_t>(settings.seed)};
  auto& api = scope.own<Api>(scope.worker(), memory.book, webhooks, scope.secret("payment-provider-api-key"), options,
                             system_clock());
  api.add_routes(scope.router());
}

}  // namespace
}  // namespace evc::payment_provider

int main(int argc, char** argv) {
  evc::service::Definition definition;
  definition.name = "payment-provider";
  definition.sections = {"provider"};
  definition.listener.client_certificate = evc::net::ClientCertificate::kNone;
  definition.wire = evc::payment_provider::wire;
  return evc::service::run(argc, argv, std::move(definition));
}
