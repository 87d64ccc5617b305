// Result<T>: a T or the Status that says why there is none. Functions without a value return Status itself.
// The macros are statements only: GCC is not to be trusted with statement expressions inside a coroutine.
#pragma once

#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/status.h"

namespace heirloom {

template <class T>
class [[nodiscard]] Result {
 public:
  Result() : status_(internal_error("no result")) {}  // coroutine frames need a default; never a success
  Result(T value) : value_(std::move(value)) {}       // NOLINT: implicit, so that functions can return either
  Result(Status status) : status_(std::move(status)) { HEIRLOOM_ASSERT(!status_.ok()); }  // NOLINT

  bool ok() const { return value_.has_value(); }
  const Status& status() const& { return status_; }
  Status status() && { return std::move(status_); }

  const T& value() const& { HEIRLOOM_ASSERT(ok()); return *value_; }
  T& value() & { HEIRLOOM_ASSERT(ok()); return *value_; }
  T value() && { HEIRLOOM_ASSERT(ok()); return std::move(*value_); }
  const T& operator*() const { return value(); }
  T& operator*() { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace heirloom

#define HEIRLOOM_CONCAT_(a, b) a##b
#define HEIRLOOM_CONCAT(a, b) HEIRLOOM_CONCAT_(a, b)
#define HEIRLOOM_TRY_(tmp, ret, target, expression)      \
  auto tmp = (expression);                               \
  if (!tmp.ok()) ret std::move(tmp).status();            \
  target = std::move(tmp).value()

// TRY(auto x, f()): x = the value of f(), or return its Status. CO_TRY is the twin for coroutines.
#define TRY(target, expression) HEIRLOOM_TRY_(HEIRLOOM_CONCAT(try_, __LINE__), return, target, expression)
#define CO_TRY(target, expression) HEIRLOOM_TRY_(HEIRLOOM_CONCAT(try_, __LINE__), co_return, target, expression)
// For expressions that yield a Status.
#define TRY_VOID(expression)                                                       \
  if (::heirloom::Status HEIRLOOM_CONCAT(try_, __LINE__) = (expression); !HEIRLOOM_CONCAT(try_, __LINE__).ok()) \
  return HEIRLOOM_CONCAT(try_, __LINE__)
#define CO_TRY_VOID(expression)                                                       \
  if (::heirloom::Status HEIRLOOM_CONCAT(try_, __LINE__) = (expression); !HEIRLOOM_CONCAT(try_, __LINE__).ok()) \
  co_return HEIRLOOM_CONCAT(try_, __LINE__)
