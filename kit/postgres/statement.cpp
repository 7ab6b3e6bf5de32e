#include "kit/postgres/statement.hpp"

#include <libpq-fe.h>

#include <charconv>

#include <fmt/format.h>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"
#include "kit/postgres/result_rows.hpp"

namespace evc::postgres {

std::string format_timestamp(WallTime time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{time - days};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}+00", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

Result<WallTime> parse_timestamp(std::string_view text) {
  // PostgreSQL's ISO style differs from RFC 3339 in the blank and in an offset that may be hours only.
  std::string rfc(text);
  if (rfc.size() < 11 || rfc[10] != ' ') return fail(Code::kValidationFailed, "not a timestamp");
  rfc[10] = 'T';
  const std::size_t sign = rfc.find_first_of("+-", 11);
  if (sign == std::string::npos) {
    rfc += 'Z';
  } else if (rfc.size() - sign == 3) {
    rfc += ":00";
  }
  return parse_rfc3339(rfc);
}

std::optional<std::string> decode_bytea(std::string_view text) {
  if (!text.starts_with("\\x")) return std::nullopt;
  return hex_decode(text.substr(2));
}

Params& Params::add(std::int64_t value) {
  values_.push_back({.bytes = std::to_string(value)});
  return *this;
}

Params& Params::add(bool value) {
  values_.push_back({.bytes = value ? "t" : "f"});
  return *this;
}

Params& Params::add(double value) {
  values_.push_back({.bytes = fmt::format("{}", value)});
  return *this;
}

Params& Params::add(std::string_view value) {
  values_.push_back({.bytes = std::string(value)});
  return *this;
}

Params& Params::add(const Uuid& value) {
  values_.push_back({.bytes = to_string(value)});
  return *this;
}

Params& Params::add(WallTime value) {
  values_.push_back({.bytes = format_timestamp(value)});
  return *this;
}

Params& Params::add(const json::Value& value) {
  values_.push_back({.bytes = json::serialize(value)});
  return *this;
}

Params& Params::add_bytes(std::string_view value) {
  values_.push_back({.binary = true, .bytes = std::string(value)});
  return *this;
}

Params& Params::add_null() {
  values_.push_back({.null = true});
  return *this;
}

Rows::Impl::~Impl() {
  PQclear(result);
}

Rows::Rows() = default;
Rows::Rows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Rows::~Rows() = default;
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;

std::size_t Rows::size() const {
  return impl_ ? static_cast<std::size_t>(PQntuples(impl_->result)) : 0;
}

std::int64_t Rows::affected() const {
  if (!impl_) return 0;
  const std::string_view text = PQcmdTuples(impl_->result);
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string_view Rows::tag() const {
  return impl_ ? PQcmdStatus(impl_->result) : std::string_view{};
}

bool Rows::is_null(std::size_t row, std::size_t column) const {
  EVC_ASSERT(row < size() && column < static_cast<std::size_t>(PQnfields(impl_->result)));
  return PQgetisnull(impl_->result, static_cast<int>(row), static_cast<int>(column)) == 1;
}

std::string_view Rows::text(std::size_t row, std::size_t column) const {
  EVC_ASSERT(!is_null(row, column));
  const auto r = static_cast<int>(row);
  const auto c = static_cast<int>(column);
  return {PQgetvalue(impl_->result, r, c), static_cast<std::size_t>(PQgetlength(impl_->result, r, c))};
}

std::string Rows::bytes(std::size_t row, std::size_t column) const {
  auto decoded = decode_bytea(text(row, column));
  EVC_ASSERT(decoded.has_value());
  return std::move(*decoded);
}

namespace {

template <class T>
T number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  EVC_ASSERT(error == std::errc{} && end == text.data() + text.size());
  return value;
}

}  // namespace

template <>
bool Rows::get<bool>(std::size_t row, std::size_t column) const {
  const std::string_view value = text(row, column);
  EVC_ASSERT(value == "t" || value == "f");
  return value == "t";
}

template <>
std::int64_t Rows::get<std::int64_t>(std::size_t row, std::size_t column) const {
  return number<std::int64_t>(text(row, column));
}

template <>
int Rows::get<int>(std::size_t row, std::size_t column) const {
  return number<int>(text(row, column));
}

template <>
double Rows::get<double>(std::size_t row, std::size_t column) const {
  return number<double>(text(row, column));
}

template <>
std::string Rows::get<std::string>(std::size_t row, std::size_t column) const {
  return std::string(text(row, column));
}

template <>
Uuid Rows::get<Uuid>(std::size_t row, std::size_t column) const {
  auto id = parse_uuid(text(row, column));
  EVC_ASSERT(id.has_value());
  return *id;
}

template <>
WallTime Rows::get<WallTime>(std::size_t row, std::size_t column) const {
  auto time = parse_timestamp(text(row, column));
  EVC_ASSERT(time.has_value());
  return *time;
}

template <>
json::Value Rows::get<json::Value>(std::size_t row, std::size_t column) const {
  auto value = json::parse(text(row, column));
  EVC_ASSERT(value.has_value());
  return std::move(*value);
}

}  // namespace evc::postgres
