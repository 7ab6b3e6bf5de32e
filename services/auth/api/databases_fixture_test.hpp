// Both databases of auth on the real PostgreSQL, empty, and a worker for what uses them.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "kit/postgres/pool.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::auth_service {

class DatabasesFixture : public ::testing::Test {
 protected:
  explicit DatabasesFixture(postgres::PoolOptions accounts, postgres::PoolOptions keystore = {.size = 4}) {
    accounts_.migrate("services/auth/migrations");
    keystore_database_.migrate("services/auth/keystore_migrations");
    accounts.conninfo = accounts_.conninfo();
    keystore.conninfo = keystore_database_.conninfo();
    pool_.emplace(worker_, std::move(accounts));
    keystore_.emplace(worker_, std::move(keystore));
  }
  void TearDown() override {
    pool_->close();
    keystore_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  template <class T>
  T run(Task<T> task) {
    return evc::testing::run_task(worker_, std::move(task));
  }

  postgres::testing::TestDatabase accounts_, keystore_database_;
  Worker worker_;
  std::optional<postgres::Pool> pool_, keystore_;
};

}  // namespace evc::auth_service
