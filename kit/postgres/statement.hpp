// SQL as named constants, parameters as values, results as rows. A Statement is prepared once per connection under its
// name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/result.hpp"
#include "kit/base/uuid.hpp"

namespace evc::postgres {

struct Statement {
  std::string_view name;  // unique in the process, below 64 bytes; also the span's db.query.summary
  std::string_view sql;   // with $1, $2 …
};

// Positional parameters. Text format except bytea, which goes in binary. A UUID, time, number or JSON gets its type
// from the statement.
class Params {
 public:
  Params() = default;
  template <class... Values>
  explicit Params(const Values&... values) {
    (add(values), ...);
  }
  Params& add(std::int64_t value);
  Params& add(int value) { return add(static_cast<std::int64_t>(value)); }
  Params& add(bool value);
  Params& add(double value);
  Params& add(std::string_view value);
  Params& add(const std::string& value) { return add(std::string_view(value)); }
  Params& add(const char* value) { return add(std::string_view(value)); }
  Params& add(const Uuid& value);
  Params& add(WallTime value);
  Params& add(const json::Value& value);
  Params& add_bytes(std::string_view value);
  Params& add_null();
  template <class T>
  Params& add(const std::optional<T>& value) {
    return value ? add(*value) : add_null();
  }

  struct Value {
    bool null = false;
    bool binary = false;
    std::string bytes;
  };
  const std::vector<Value>& values() const { return values_; }

 private:
  std::vector<Value> values_;
};

// PostgreSQL's ISO form in UTC with microseconds, and back (any offset).
std::string format_timestamp(WallTime time);
Result<WallTime> parse_timestamp(std::string_view text);
// A bytea value in its text form "\x…"; nullopt when it is not one.
std::optional<std::string> decode_bytea(std::string_view text);

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// One result set, owned. get<T> asserts on a wrong column index or an unparsable value: a bug of ours, not of the data.
class Rows {
 public:
  Rows();
  ~Rows();
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  std::int64_t affected() const;  // rows of INSERT, UPDATE, DELETE
  std::string_view tag() const;   // what the server says it did, e.g. COMMIT
  bool is_null(std::size_t row, std::size_t column) const;
  std::string_view text(std::size_t row, std::size_t column) const;
  // T: bool, std::int64_t, int, double, std::string, Uuid, WallTime, json::Value, std::optional of these.
  template <class T>
  T get(std::size_t row, std::size_t column) const {
    if constexpr (kIsOptional<T>) {
      if (is_null(row, column)) return std::nullopt;
      return get<typename T::value_type>(row, column);
    } else {
      static_assert(!sizeof(T), "Rows::get: this type has no conversion");
    }
  }
  // A bytea column, decoded.
  std::string bytes(std::size_t row, std::size_t column) const;

  struct Impl;
  explicit Rows(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

template <>
bool Rows::get<bool>(std::size_t row, std::size_t column) const;
template <>
std::int64_t Rows::get<std::int64_t>(std::size_t row, std::size_t column) const;
template <>
int Rows::get<int>(std::size_t row, std::size_t column) const;
template <>
double Rows::get<double>(std::size_t row, std::size_t column) const;
template <>
std::string Rows::get<std::string>(std::size_t row, std::size_t column) const;
template <>
Uuid Rows::get<Uuid>(std::size_t row, std::size_t column) const;
template <>
WallTime Rows::get<WallTime>(std::size_t row, std::size_t column) const;
template <>
json::Value Rows::get<json::Value>(std::size_t row, std::size_t column) const;

}  // namespace evc::postgres
