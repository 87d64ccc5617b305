// CommitRunner: where a store's disk work happens. Real: one thread. Simulated: handlers of the event loop,
// so that a seed alone decides when a commit becomes durable, and a crash can fall between any two steps.
#pragma once

#include <functional>
#include <memory>

#include "base/task.h"

namespace heirloom::server {

class CommitRunner {
 public:
  // Waits for work that runs. Work and `done` callbacks not yet begun may be dropped.
  virtual ~CommitRunner() = default;
  // Runs `work` somewhere, then `done` on the loop's thread; neither inline. Callers have one job under way
  // at a time.
  virtual void run(std::function<void()> work, std::function<void()> done) = 0;
};

// A thread of its own for blocking work.
std::unique_ptr<CommitRunner> make_thread_commit_runner(Executor executor);
// Work and done are two handlers posted to the executor, one after the other.
std::unique_ptr<CommitRunner> make_loop_commit_runner(Executor executor);

}  // namespace heirloom::server
