#include "server/store/commit_runner.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include "base/assert.h"

namespace heirloom::server {
namespace {

class LoopCommitRunner final : public CommitRunner {
 public:
  explicit LoopCommitRunner(Executor executor) : executor_(std::move(executor)) {}

  void run(std::function<void()> work, std::function<void()> done) override {
    const Executor executor = executor_;
    boost::asio::post(executor, [executor, work = std::move(work), done = std::move(done)]() mutable {
      work();
      boost::asio::post(executor, std::move(done));
    });
  }

 private:
  Executor executor_;
};

class ThreadCommitRunner final : public CommitRunner {
 public:
  explicit ThreadCommitRunner(Executor executor)
      : executor_(std::move(executor)), thread_([this] { serve(); }) {}

  ~ThreadCommitRunner() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void run(std::function<void()> work, std::function<void()> done) override {
    // The loop must not run dry while the only thing it waits for is on the other thread.
    Executor tracked = boost::asio::prefer(executor_, boost::asio::execution::outstanding_work.tracked);
    {
      const std::lock_guard lock(mutex_);
      HEIRLOOM_ASSERT(!job_);
      job_.emplace(Job{std::move(work), std::move(done), std::move(tracked)});
    }
    changed_.notify_one();
  }

 private:
  struct Job {
    std::function<void()> work;
    std::function<void()> done;
    Executor executor;
  };

  void serve() {
    for (;;) {
      std::optional<Job> job;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || job_; });
        if (stopping_) return;
        job.swap(job_);
      }
      job->work();
      const Executor executor = std::move(job->executor);
      // What `done` holds belongs to the loop's thread: nothing of it may be destroyed here.
      boost::asio::post(executor, [work = std::move(job->work), done = std::move(job->done)] { done(); });
    }
  }

  const Executor executor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Job> job_;  // guarded by mutex_
  bool stopping_ = false;   // guarded by mutex_
  std::thread thread_;      // last: it uses the others
};

}  // namespace

std::unique_ptr<CommitRunner> make_thread_commit_runner(Executor executor) {
  return std::make_unique<ThreadCommitRunner>(std::move(executor));
}

std::unique_ptr<CommitRunner> make_loop_commit_runner(Executor executor) {
  return std::make_unique<LoopCommitRunner>(std::move(executor));
}

}  // namespace heirloom::server
