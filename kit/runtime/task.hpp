// The coroutine type of the platform: an Asio awaitable bound to the concrete executor of one worker's io_context.
// Concrete, because the type-erased executor costs about 5 µs per request. A Task runs on the worker that started it
// and never moves.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace evc {

using Executor = boost::asio::io_context::executor_type;
template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;
inline constexpr boost::asio::use_awaitable_t<Executor> use_task{};

}  // namespace evc
