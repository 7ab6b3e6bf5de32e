// How Rows holds libpq's result: private to kit/postgres, because libpq's header stays in its .cpp files.
#pragma once

#include "kit/postgres/statement.hpp"

struct pg_result;

namespace evc::postgres {

struct Rows::Impl {
  explicit Impl(pg_result* r) : result(r) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  pg_result* result;
};

}  // namespace evc::postgres
