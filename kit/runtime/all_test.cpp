#include "kit/runtime/all.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "kit/runtime/worker.hpp"

namespace evc {
namespace {

using std::chrono::milliseconds;

Task<> note(Worker& worker, std::vector<int>& seen, int number, milliseconds pause) {
  co_await sleep_for(worker, pause);
  seen.push_back(number);
}
Task<> complain(Worker& worker) {
  co_await sleep_for(worker, milliseconds(1));
  throw std::runtime_error("one of them");
}
Task<> at_once(Worker& worker, std::vector<int>& seen) {
  std::vector<Task<>> tasks;
  tasks.push_back(note(worker, seen, 1, milliseconds(60)));
  tasks.push_back(note(worker, seen, 2, milliseconds(1)));
  tasks.push_back(note(worker, seen, 3, milliseconds(30)));
  co_await all(std::move(tasks));
  seen.push_back(4);
  worker.stop();
}
Task<> with_a_bad_one(Worker& worker, std::vector<int>& seen) {
  std::vector<Task<>> tasks;
  tasks.push_back(complain(worker));
  tasks.push_back(note(worker, seen, 1, milliseconds(20)));
  bool thrown = false;
  try {
    co_await all(std::move(tasks));
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  if (thrown) seen.push_back(2);
  co_await all({});
  worker.stop();
}

TEST(All, RunsTogetherAndEndsWithTheLast) {
  Worker worker;
  std::vector<int> seen;
  worker.tasks().spawn("all", at_once(worker, seen));
  worker.run();
  EXPECT_EQ(seen, (std::vector<int>{2, 3, 1, 4}));
}

TEST(All, AnExceptionWaitsForTheOthers) {
  Worker worker;
  std::vector<int> seen;
  worker.tasks().spawn("all", with_a_bad_one(worker, seen));
  worker.run();
  EXPECT_EQ(seen, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace evc
