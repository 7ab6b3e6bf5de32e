#include "kit/kafka/quotas.hpp"

#include <array>
#include <charconv>
#include <memory>
#include <span>
#include <sstream>

#include "kit/kafka/admin.hpp"
#include "kit/net/stream.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::kafka {

namespace {

constexpr std::size_t kLargestAnswer = 1024 * 1024;

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

std::vector<Address> addresses(const std::string& bootstrap) {
  std::vector<Address> found;
  std::istringstream list(bootstrap);
  for (std::string each; std::getline(list, each, ',');) {
    const auto colon = each.rfind(':');
    if (colon == std::string::npos) continue;
    Address address{.host = each.substr(0, colon)};
    std::from_chars(each.data() + colon + 1, each.data() + each.size(), address.port);
    found.push_back(std::move(address));
  }
  return found;
}

Task<Result<std::string>> read_exactly(net::Stream& stream, std::size_t size, SteadyTime deadline) {
  std::string bytes(size, '\0');
  for (std::size_t got = 0; got < size;) {
    EVC_CO_TRY(count, co_await stream.read_some(std::span(bytes).subspan(got), deadline));
    got += count;
  }
  co_return bytes;
}

Task<Result<std::string>> exchange(Worker& worker, net::DialOptions to, std::string request, SteadyTime deadline) {
  EVC_CO_TRY(stream, co_await net::dial(worker, std::move(to), deadline));
  EVC_CO_CHECK(co_await stream->write_all(request, deadline));
  EVC_CO_TRY(length, co_await read_exactly(*stream, 4, deadline));
  std::size_t size = 0;
  for (const char byte : length) size = size << 8 | static_cast<unsigned char>(byte);
  if (size > kLargestAnswer) co_return fail(Code::kProtocolError, "the broker's answer is too large");
  auto answer = co_await read_exactly(*stream, size, deadline);
  co_return answer;
}

// The first broker of the list that answers.
Task<> ask_one_of(Worker& worker, std::vector<Address> brokers, std::shared_ptr<net::TlsClient> tls,
                  std::string request, Result<std::string>& answer) {
  const auto deadline = std::chrono::steady_clock::now() + kAdminTimeout;
  for (const auto& broker : brokers) {
    answer = co_await exchange(worker, {.host = broker.host, .port = broker.port, .tls = tls}, request, deadline);
    if (answer) break;
    answer.error().code = Code::kBrokerUnavailable;
    answer.error().detail = "quotas: " + broker.host + ":" + std::to_string(broker.port) + ": " + answer.error().detail;
  }
  worker.stop();
}

Result<std::string> ask(const ConnectOptions& connect, std::string request) {
  Result<std::string> answer = fail(Code::kBrokerUnavailable, "quotas: no broker is named");
  Worker worker;
  worker.tasks().spawn("quotas", ask_one_of(worker, addresses(connect.bootstrap),
                                            std::make_shared<net::TlsClient>(connect.identity->current()->files),
                                            std::move(request), answer));
  worker.run();
  return answer;
}

}  // namespace

Result<std::vector<Quota>> read_quotas(const ConnectOptions& connect) {
  EVC_TRY(answer, ask(connect, describe_quotas_request(connect.client_id)));
  return parse_described_quotas(answer);
}

Result<void> change_quotas(const ConnectOptions& connect, const std::vector<QuotaChange>& changes) {
  if (changes.empty()) return {};
  EVC_TRY(answer, ask(connect, alter_quotas_request(connect.client_id, changes)));
  return parse_altered_quotas(answer);
}

}  // namespace evc::kafka
