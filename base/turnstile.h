// Turnstile: lets so many coroutines of one thread through at a time, in arrival order. With one permit it
// serialises (a mutex for code that suspends); with n it bounds concurrency. KeyedTurnstile has one queue per
// key.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/task.h"

namespace heirloom {

class Turnstile {
 public:
  explicit Turnstile(Executor executor, std::size_t permits = 1);
  ~Turnstile();  // whoever still waits is unwound with operation_aborted
  Turnstile(const Turnstile&) = delete;
  Turnstile& operator=(const Turnstile&) = delete;

  // Holds one permit; gives it to the next in line when destroyed or released.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept = default;
    Pass& operator=(Pass&& other) noexcept;
    ~Pass() { release(); }
    void release();

   private:
    friend class Turnstile;
    explicit Pass(std::shared_ptr<void> owner) : owner_(std::move(owner)) {}
    std::shared_ptr<void> owner_;
  };

  Task<Pass> enter();
  std::size_t waiting() const;
  bool idle() const;  // nobody inside, nobody waiting

 private:
  struct State;
  static Task<Pass> enter_queue(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// A key costs memory only while somebody is inside or waits.
class KeyedTurnstile {
 public:
  explicit KeyedTurnstile(Executor executor);

  class Pass {
   public:
    Pass() = default;

   private:
    friend class KeyedTurnstile;
    std::shared_ptr<Turnstile> turnstile_;  // outlives pass_
    Turnstile::Pass pass_;
  };

  Task<Pass> enter(std::string key);
  std::size_t keys() const { return turnstiles_->size(); }

 private:
  using Turnstiles = std::map<std::string, std::weak_ptr<Turnstile>>;
  static Task<Pass> enter_one(std::shared_ptr<Turnstile> turnstile);
  Executor executor_;
  std::shared_ptr<Turnstiles> turnstiles_;
};

}  // namespace heirloom
