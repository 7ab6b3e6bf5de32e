// librdkafka's event queue as something a coroutine can wait for: an eventfd that librdkafka writes when the queue
// stops being empty. Hence the rule: poll() until it gives nothing, only then wait(). Lives on one worker; one
// coroutine waits at a time.
#pragma once

#include <memory>

#include "kit/base/clock.hpp"
#include "kit/kafka/client_handle.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::kafka {

class EventQueue {
 public:
  EventQueue(Worker& worker, QueueHandle queue);
  ~EventQueue();

  EventHandle poll();  // null: nothing there
  // Resumes when there may be an event, at `deadline`, or when the calling task is cancelled.
  Task<> wait(SteadyTime deadline);
  void wake();  // ends the wait()
  rd_kafka_queue_s* handle() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::kafka
