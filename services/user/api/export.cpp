#include "services/user/api/export.hpp"

#include "kit/http/operation.hpp"
#include "services/user/api/own_data.hpp"

namespace evc::user {
namespace {

constexpr std::size_t kLimitBytes = 7 << 20;  // the gateway takes 8 MiB
constexpr std::chrono::seconds kAskAgain{2};

// {paymentId, amount} of each payment that is not paid in full.
json::Array receivables_of(const json::Array& payments) {
  json::Array owed;
  for (const json::Value& record : payments) {
    boost::system::error_code none;
    const auto* id = record.find_pointer("/payment/paymentId", none);
    const auto* amount = record.find_pointer("/payment/receivable", none);
    const auto* minor = record.find_pointer("/payment/receivable/amount", none);
    if (id != nullptr && minor != nullptr && minor->is_int64() && minor->get_int64() > 0)
      owed.push_back(json::Object{{"paymentId", *id}, {"amount", *amount}});
  }
  return owed;
}

Task<Result<json::Object>> gather(Api& api, RequestContext& context) {
  EVC_CO_TRY(id, person(context));
  EVC_CO_TRY(account, co_await api.account.records(context, id));
  api.accounts.forget(id);  // the address as it is now, not as it was a minute ago
  EVC_CO_TRY(profile, co_await own_profile(api, context));
  EVC_CO_TRY(vehicles, co_await own_vehicles(api, context));
  const std::string pseudonym = context.principal.puid;
  EVC_CO_TRY(charges, co_await api.charges.all(context, pseudonym, kLimitBytes));
  EVC_CO_TRY(payments, co_await api.payments.all(context, pseudonym, kLimitBytes));
  json::Object gathered{{"exportedAt", format_rfc3339(context.clock->wall())},
                        {"account", std::move(account)},
                        {"profile", json::encode(profile)},
                        {"vehicles", json::encode(vehicles.vehicles)},
                        {"receivables", receivables_of(payments)}};
  gathered["chargingSessions"] = std::move(charges);
  gathered["payments"] = std::move(payments);
  co_return gathered;
}

// Half an export is none: whatever is missing, and whatever the reason, it can be asked for again.
Error incomplete(const Error& error) {
  if (error.code == Code::kNotFound || error.code == Code::kTokenInvalid) return {.code = Code::kTokenInvalid};
  return {.code = Code::kServiceUnavailable,
          .detail = "the export is not complete: " + error.detail,
          .retry_after = error.retry_after.value_or(kAskAgain)};
}

}  // namespace

Task<http::Response> export_person(Api& api, RequestContext& context, http::Request& request) {
  auto gathered = co_await gather(api, context);
  if (!gathered) co_return http::no_store(http::problem(incomplete(gathered.error()), context, request.path));
  http::Response response = http::Response::json(200, *gathered);
  if (response.body.size() > kLimitBytes) {
    const Error error{.code = Code::kServiceUnavailable,
                      .detail = "there is more than one answer can hold; an operator can export it"};
    co_return http::no_store(http::problem(error, context, request.path));
  }
  response.headers.set("content-disposition", "attachment; filename=\"ev-costa.json\"");
  co_return http::no_store(std::move(response));
}

}  // namespace evc::user
