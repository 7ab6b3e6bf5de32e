// Handlers of charging on the real PostgreSQL, without the services that they ask.
#pragma once

#include <gtest/gtest.h>

#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"
#include "services/charging/api/start.hpp"

namespace evc::charging {

class ApiFixture : public ::testing::Test {
 protected:
  ApiFixture() {
    database_.migrate("kit/messaging/migrations");
    database_.migrate("services/charging/migrations");
    pool_.emplace(worker_, postgres::PoolOptions{.conninfo = database_.conninfo(), .size = 4});
    keys_.emplace(*pool_);
    context_.deadline = context_.clock->steady() + std::chrono::seconds(60);
  }
  void TearDown() override {
    pool_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  Api api() {
    return {.worker = worker_,
            .pool = *pool_,
            .outbox = outbox_,
            .idempotency = *keys_,
            .payment = payment_,
            .nudges = nudges_,
            .vehicles = vehicles_};
  }

  postgres::testing::TestDatabase database_;
  Worker worker_;
  std::optional<postgres::Pool> pool_;
  std::optional<messaging::IdempotencyStore> keys_;
  messaging::Outbox outbox_{"/services/charging"};
  PaymentClient payment_{nullptr, nullptr};
  Nudges nudges_{worker_};
  VehicleClient vehicles_{nullptr, nullptr};
  RequestContext context_;
};

}  // namespace evc::charging
