// What a durable commit costs: SQLite on the disk of $TMPDIR, synced, with so many writers at once.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/gather.h"
#include "net/event_loop.h"
#include "server/store/commit_runner.h"
#include "server/store/store.h"

namespace heirloom::server {
namespace {

constexpr int kWritesEach = 50;

Task<void> write_keys(Store* store, int round, int writer, std::shared_ptr<const Json> value) {
  for (int i = 0; i < kWritesEach; ++i) {
    Write write;
    write.key = fmt::format("/bench/{}/{}/{}", round, writer, i);
    write.value = *value;
    const auto committed = co_await store->commit(std::move(write));
    if (!committed.ok()) co_return;
  }
}

Task<void> write_all(Store* store, int round, int writers, std::shared_ptr<const Json> value) {
  std::vector<Task<void>> tasks;
  for (int i = 0; i < writers; ++i) tasks.push_back(write_keys(store, round, i, value));
  co_await gather(std::move(tasks), static_cast<std::size_t>(writers));
}

void commits(benchmark::State& state) {
  std::string directory = (std::filesystem::temp_directory_path() / "heirloom-bench-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return state.SkipWithError("no temporary directory");
  {
    net::EventLoop loop;
    DiskOptions disk;
    disk.directory = directory;
    auto opened =
        open_store(disk, {}, loop.executor(), &loop.clock(), make_thread_commit_runner(loop.executor()));
    if (!opened.ok()) return state.SkipWithError(opened.status().message().c_str());
    const std::unique_ptr<Store> store = std::move(opened).value();
    const int writers = static_cast<int>(state.range(0));
    const auto value = std::make_shared<const Json>(Json::object({{"data", std::string(1500, 'x')}}));
    int round = 0;
    for (auto _ : state) loop.run(write_all(store.get(), ++round, writers, value));
    state.SetItemsProcessed(state.iterations() * writers * kWritesEach);
    const StoreStats stats = store->stats();
    state.counters["writes_per_sync"] =
        static_cast<double>(stats.commits) / static_cast<double>(stats.batches);
  }
  std::filesystem::remove_all(directory);
}
BENCHMARK(commits)->Arg(1)->Arg(8)->Arg(64)->Arg(256)->UseRealTime();

}  // namespace
}  // namespace heirloom::server

BENCHMARK_MAIN();
