#include "kit/kafka/quota_wire.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <utility>

namespace evc::kafka {

namespace {

constexpr std::int16_t kDescribeClientQuotas = 48;
constexpr std::int16_t kAlterClientQuotas = 49;
constexpr std::int16_t kVersion = 0;
constexpr std::int32_t kCorrelation = 1;  // one request a connection
constexpr std::int16_t kClusterAuthorizationFailed = 31;

class Writer {
 public:
  Writer(std::int16_t request, std::string_view client_id) {
    number(request);
    number(kVersion);
    number(kCorrelation);
    text(client_id);
  }
  template <class Integer>
  void number(Integer value) {
    const auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
    for (std::size_t byte = sizeof bits; byte-- > 0;) bytes_ += static_cast<char>(bits >> (8 * byte));
  }
  void real(double value) { number(static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(value))); }
  void text(std::string_view value) {
    number(static_cast<std::int16_t>(value.size()));
    bytes_ += value;
  }
  void null() { number(std::int16_t{-1}); }
  void count(std::size_t size) { number(static_cast<std::int32_t>(size)); }
  std::string framed() && {
    std::string body = std::exchange(bytes_, {});
    count(body.size());
    return bytes_ + body;
  }

 private:
  std::string bytes_;
};

// Never leaves the answer: once something is missing, every read gives zero or nothing, and good() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool good() const { return good_; }
  template <class Integer>
  Integer number() {
    std::make_unsigned_t<Integer> value = 0;
    for (const char byte : take(sizeof(Integer)))
      value = static_cast<decltype(value)>(static_cast<std::uint64_t>(value) << 8 | static_cast<std::uint8_t>(byte));
    return static_cast<Integer>(value);
  }
  double real() { return std::bit_cast<double>(static_cast<std::uint64_t>(number<std::int64_t>())); }
  std::optional<std::string> text() {
    const auto size = number<std::int16_t>();
    if (size < 0) return std::nullopt;
    return std::string(take(static_cast<std::size_t>(size)));
  }
  // Of an array; a null one is empty. Every element takes at least a byte, so that a broken length ends a loop.
  std::int32_t count() {
    const auto size = number<std::int32_t>();
    if (size > 0 && static_cast<std::size_t>(size) > rest_.size()) good_ = false;
    return good_ ? std::max(size, 0) : 0;
  }

 private:
  std::string_view take(std::size_t size) {
    if (!good_ || size > rest_.size()) {
      good_ = false;
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool good_ = true;
};

std::unexpected<Error> broken() {
  return fail(Code::kProtocolError, "the broker's answer about quotas has an unknown form");
}

Result<void> verdict(std::int16_t code, const std::optional<std::string>& message) {
  if (code == 0) return {};
  if (code == kClusterAuthorizationFailed) return fail(Code::kForbidden, "quotas: CLUSTER_AUTHORIZATION_FAILED");
  return fail(Code::kConflict, "quotas: error " + std::to_string(code) + ": " + message.value_or("no reason given"));
}

struct Entity {
  std::string user, client_id;
  bool known = true;  // of users and clients only
};

Entity read_entity(Reader& reader) {
  Entity entity;
  for (auto parts = reader.count(); parts > 0; --parts) {
    const auto type = reader.text().value_or("");
    auto name = reader.text().value_or(std::string(kDefaultEntity));
    if (type == "user")
      entity.user = std::move(name);
    else if (type == "client-id")
      entity.client_id = std::move(name);
    else
      entity.known = false;
  }
  return entity;
}

void write_part(Writer& writer, std::string_view type, std::string_view name) {
  writer.text(type);
  if (name == kDefaultEntity)
    writer.null();
  else
    writer.text(name);
}

void write_entity(Writer& writer, const std::string& user, const std::string& client_id) {
  writer.count((user.empty() ? 0u : 1u) + (client_id.empty() ? 0u : 1u));
  if (!user.empty()) write_part(writer, "user", user);
  if (!client_id.empty()) write_part(writer, "client-id", client_id);
}

}  // namespace

std::string describe_quotas_request(std::string_view client_id) {
  Writer writer(kDescribeClientQuotas, client_id);
  writer.count(0);                // no filter: all of them
  writer.number(std::int8_t{0});  // and not only those that have exactly the filter's parts
  return std::move(writer).framed();
}

Result<std::vector<Quota>> parse_described_quotas(std::string_view answer) {
  Reader reader(answer);
  reader.number<std::int32_t>();  // correlation
  reader.number<std::int32_t>();  // throttled for
  const auto code = reader.number<std::int16_t>();
  const auto message = reader.text();
  if (!reader.good()) return broken();
  EVC_CHECK(verdict(code, message));
  std::vector<Quota> quotas;
  for (auto entries = reader.count(); entries > 0 && reader.good(); --entries) {
    const auto entity = read_entity(reader);
    for (auto values = reader.count(); values > 0 && reader.good(); --values) {
      auto name = reader.text().value_or("");
      const double value = reader.real();
      if (entity.known) quotas.push_back({entity.user, entity.client_id, std::move(name), value});
    }
  }
  if (!reader.good()) return broken();
  std::ranges::sort(quotas);
  return quotas;
}

std::string alter_quotas_request(std::string_view client_id, const std::vector<QuotaChange>& changes) {
  // The broker takes each entity once.
  std::map<std::pair<std::string, std::string>, std::vector<const QuotaChange*>> entities;
  for (const auto& change : changes) entities[{change.user, change.client_id}].push_back(&change);
  Writer writer(kAlterClientQuotas, client_id);
  writer.count(entities.size());
  for (const auto& [entity, its_changes] : entities) {
    write_entity(writer, entity.first, entity.second);
    writer.count(its_changes.size());
    for (const auto* change : its_changes) {
      writer.text(change->name);
      writer.real(change->value.value_or(0));
      writer.number(std::int8_t{change->value ? std::int8_t{0} : std::int8_t{1}});
    }
  }
  writer.number(std::int8_t{0});  // not a rehearsal
  return std::move(writer).framed();
}

Result<void> parse_altered_quotas(std::string_view answer) {
  Reader reader(answer);
  reader.number<std::int32_t>();  // correlation
  reader.number<std::int32_t>();  // throttled for
  Result<void> worst;
  for (auto entries = reader.count(); entries > 0 && reader.good(); --entries) {
    const auto code = reader.number<std::int16_t>();
    const auto message = reader.text();
    read_entity(reader);
    if (auto one = verdict(code, message); !one) worst = std::move(one);
  }
  if (!reader.good()) return broken();
  return worst;
}

}  // namespace evc::kafka
