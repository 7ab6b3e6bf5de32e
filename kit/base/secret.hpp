// Values that must not leak: no formatter, no stream operator, no JSON, so that printing one is a compile error.
// Secret<T> holds credentials and keys, Personal<T> what says something about a person. `reveal()` marks the few places
// that need the value.
#pragma once

#include <utility>

namespace evc {

template <class T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}
  const T& reveal() const { return value_; }

 private:
  T value_{};
};

template <class T>
class Personal {
 public:
  Personal() = default;
  explicit Personal(T value) : value_(std::move(value)) {}
  const T& reveal() const { return value_; }

 private:
  T value_{};
};

}  // namespace evc
