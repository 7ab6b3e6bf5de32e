#include "services/payment/flow/figures.hpp"

#include <map>

#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

constexpr std::chrono::milliseconds kInterval{10'000};
// Hashing the whole chain grows with it: once an hour.
constexpr int kRoundsPerChainCheck = 360;

void show_money(const store::Figures::Money& money) {
  const std::pair<const char*, std::int64_t> parts[] = {{"held", money.held},
                                                        {"captured", money.captured},
                                                        {"released", money.released},
                                                        {"receivable", money.receivable},
                                                        {"refunded", money.refunded}};
  for (const auto& [part, amount] : parts)
    telemetry::metrics()
        .gauge("payment_money_minor", "Money of the last day's payments and of all that are open, in minor units",
               {{"currency", money.currency}, {"part", part}})
        .set(static_cast<double>(amount));
}

}  // namespace

Task<> publish_figures(Worker& worker, postgres::Pool& pool) {
  auto& registry = telemetry::metrics();
  telemetry::Gauge imbalance =
      registry.gauge("payment_ledger_imbalance", "What debits and credits differ by: 0, always");
  telemetry::Gauge broken =
      registry.gauge("payment_ledger_broken_links", "Transfers that do not hash to what they say: 0, always");
  telemetry::Gauge cases = registry.gauge("payment_reconciliation_cases", "Open cases for a person");
  telemetry::Gauge overdue =
      registry.gauge("payment_steps_overdue", "Steps at the provider whose outcome is open past their deadline");
  std::map<std::string, telemetry::Gauge> by_state;
  std::map<std::string, store::Figures::Money> by_currency;
  for (int round = 0; !worker.tasks().cancelled(); ++round) {
    RequestContext context = background_context(kInterval);
    auto figures = co_await store::figures(context, pool);
    if (figures) {
      imbalance.set(static_cast<double>(figures->imbalance));
      cases.set(static_cast<double>(figures->open_cases));
      overdue.set(static_cast<double>(figures->overdue_jobs));
      // A currency that nobody has paid in for a day is worth nothing, and not what it was a day ago.
      for (auto& [currency, money] : by_currency) money = {.currency = currency};
      for (const auto& money : figures->money) by_currency[money.currency] = money;
      for (const auto& [currency, money] : by_currency) show_money(money);
      for (auto& [state, gauge] : by_state) gauge.set(0);
      for (const auto& [state, count] : figures->payments_by_state) {
        auto gauge = by_state
                         .try_emplace(state, registry.gauge("payment_payments",
                                                            "Payments of the last day and all that are open, by state",
                                                            {{"state", state}}))
                         .first;
        gauge->second.set(static_cast<double>(count));
      }
      if (figures->imbalance != 0)
        EVC_LOG(kError, "the ledger does not sum to zero", {{telemetry::key::kCount, figures->imbalance}});
    }
    if (round % kRoundsPerChainCheck == 0) {
      auto links = co_await store::broken_links(context, pool);
      if (links) broken.set(static_cast<double>(*links));
    }
    co_await sleep_for(worker, kInterval);
  }
}

}  // namespace evc::payment
