// Task<T>: what every coroutine of ours returns. The one header that names Asio's awaitable.
//
// Rules (docs/architecture.md, "Coroutines"): parameters by value, never views; no capturing lambda is a coroutine; in a
// full expression with co_await no braces and no lambdas: bind to a named local first (GCC 12 miscompiles them).
#pragma once

#include <utility>  // Asio's headers need it first

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace heirloom {

using Executor = boost::asio::any_io_executor;

template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;

}  // namespace heirloom
