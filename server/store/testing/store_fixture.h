// A store on a simulated loop, with short words for what tests do to it. Values are {"n": <number>}.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/simulated_loop.h"
#include "server/store/commit_runner.h"
#include "server/store/store.h"

namespace heirloom::server {

inline Json numbered(std::int64_t n) { return Json::object({{"n", n}}); }
inline std::int64_t number_of(const StoredPtr& object) { return object ? object->value["n"].int64(-1) : 0; }

class StoreFixture {
 public:
  // In memory.
  explicit StoreFixture(StoreOptions options = {}, std::uint64_t seed = 1) : loop(seed), options_(options) {
    store = make_memory_store(options_, loop.executor(), &loop.clock());
  }
  // On disk; opened by open().
  StoreFixture(DiskOptions disk, StoreOptions options, std::uint64_t seed = 1)
      : loop(seed), options_(options), disk_(std::move(disk)) {}

  // Closes nothing: what went before was a crash.
  Status open() {
    store.reset();
    auto runner = make_loop_commit_runner(loop.executor());
    auto opened = open_store(disk_, options_, loop.executor(), &loop.clock(), std::move(runner));
    if (!opened.ok()) return std::move(opened).status();
    store = std::move(opened).value();
    return {};
  }

  Started<Result<Committed>> begin(std::string key, Revision expected, std::optional<Json> value) {
    Write write;
    write.key = std::move(key);
    write.expected = expected;
    write.value = std::move(value);
    return start(loop, store->commit(std::move(write)));
  }
  Result<Committed> finish(Started<Result<Committed>>& started) {
    const bool done = loop.world().run_until([&started] { return started.done(); });
    HEIRLOOM_ASSERT(done);
    return started.value();
  }
  Result<Committed> write(std::string key, Revision expected, std::optional<Json> value) {
    auto started = begin(std::move(key), expected, std::move(value));
    return finish(started);
  }
  Revision put(std::string key, std::int64_t n) {
    const StoredPtr now = store->get(key);
    const auto committed = write(std::move(key), now ? now->mod_revision : 0, numbered(n));
    return committed.ok() ? committed->revision : 0;
  }
  Revision remove(std::string key) {
    const StoredPtr now = store->get(key);
    const auto committed = write(std::move(key), now ? now->mod_revision : 0, std::nullopt);
    return committed.ok() ? committed->revision : 0;
  }
  // "/a=1 /b=2"
  std::string listed(std::string_view selection, StoreListOptions options = {}) const {
    const auto list = store->list(selection, options);
    if (!list.ok()) return list.status().reason();
    std::string text;
    for (const StoredPtr& object : list->items)
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", object->key, number_of(object));
    return text;
  }
  // What the watch has, without waiting: "+/a=1@2 ~/a=2@3 -/a@4".
  std::string seen(StoreWatch& watch) {
    std::string text;
    for (;;) {
      auto pulled = await(loop, watch.next(loop.clock().monotonic()));
      if (!pulled.ok()) return text + pulled.status().reason();
      if (pulled->empty()) return text;
      for (const StoreEventPtr& event : *pulled) {
        if (!text.empty()) text += ' ';
        if (event->deleted()) {
          text += fmt::format("-{}@{}", event->key(), event->revision);
        } else {
          text += fmt::format("{}{}={}@{}", event->previous ? '~' : '+', event->key(),
                              number_of(event->current), event->revision);
        }
      }
    }
  }

  SimulatedLoop loop;
  std::unique_ptr<Store> store;

 private:
  StoreOptions options_;
  DiskOptions disk_;
};

}  // namespace heirloom::server
