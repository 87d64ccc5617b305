// TestServer: a whole API server in one object: memory store, simulated loop, manual clock, in-process API.
// What envtest is to Go: tests of controllers talk to the real handlers, and a seed replays the run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/store_result.h"
#include "base/testing/simulated_loop.h"
#include "kube/api.h"
#include "server/api_server.h"
#include "server/store/store.h"
#include "server/store/testing/faulty_disk.h"

namespace heirloom::server {

class TestServer {
 public:
  // On disk the store survives crash(): a disk in memory that forgets what was not synced.
  enum class Storage { Memory, Disk };
  explicit TestServer(std::uint64_t seed = 1, Storage storage = Storage::Memory);
  ~TestServer();

  ApiServer& server() { return *server_; }
  kube::Api& api() { return *api_; }
  Store& store() { return *store_; }
  SimulatedLoop& loop() { return *loop_; }
  ManualClock& clock() { return world_.clock(); }
  Metrics& metrics() { return metrics_; }

  // Runs the loop, moving the clock where needed, until the task is done.
  template <class T>
  T await(Task<T> task) {
    auto place = std::make_shared<std::optional<T>>();
    loop_->start(store_result(std::move(task), place), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
    const bool done = world_.run_until([&] { return place->has_value(); });
    HEIRLOOM_ASSERT(done);
    return std::move(**place);
  }
  // Lets the controllers work while this much time passes.
  void advance(Duration duration) { world_.run_for(duration); }
  // Lets the controllers do what they can do without the clock moving.
  void settle() { world_.run_until_idle(); }

  // Server and store die, with everything that runs on the loop. restart() makes them anew from what is on
  // the disk.
  void crash();
  void restart();

  // Shorthands, for tests: JSON text in, the answer or its Status out.
  Result<Json> create(std::string_view json);
  Result<Json> get(kube::ObjectRef ref);
  Result<Json> merge(kube::ObjectRef ref, std::string_view json);
  Result<Json> remove(kube::ObjectRef ref, kube::Propagation propagation = kube::Propagation::Background);

  // Where objects of a kind live, e.g. ref("v1", "configmaps", "default", "a").
  static kube::ObjectRef ref(std::string_view api_version, std::string_view resource, std::string_view ns,
                             std::string_view name);

 private:
  Storage storage_;
  SimulatedWorld world_;
  FaultyDisk disk_;
  std::unique_ptr<SimulatedLoop> loop_;
  SeededRandom random_;
  Metrics metrics_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ApiServer> server_;
  std::unique_ptr<kube::Api> api_;
};

}  // namespace heirloom::server
