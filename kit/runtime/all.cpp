#include "kit/runtime/all.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>

namespace evc {

Task<> all(std::vector<Task<>> tasks) {
  if (tasks.empty()) co_return;
  const auto executor = co_await boost::asio::this_coro::executor;
  using Operation = decltype(boost::asio::co_spawn(executor, std::move(tasks.front()), boost::asio::deferred));
  std::vector<Operation> operations;
  for (auto& task : tasks)
    operations.push_back(boost::asio::co_spawn(executor, std::move(task), boost::asio::deferred));
  auto group = boost::asio::experimental::make_parallel_group(std::move(operations));
  auto [order, thrown] = co_await group.async_wait(boost::asio::experimental::wait_for_all(), use_task);
  for (const auto& exception : thrown) {
    if (exception) std::rethrow_exception(exception);
  }
}

}  // namespace evc
