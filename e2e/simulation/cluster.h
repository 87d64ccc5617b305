// Cluster: the embedded API server and one controller as two simulated instances under one seed and one
// clock. Server and controller are the real ones; only time, chance, disk and network are ours.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/task_scope.h"
#include "base/testing/simulated_loop.h"
#include "core/led_controller.h"
#include "e2e/simulation/commit.h"
#include "e2e/simulation/coverage.h"
#include "e2e/simulation/mutants.h"
#include "e2e/simulation/webhook.h"
#include "e2e/simulation/wire.h"
#include "kube/api.h"
#include "kube/testing/fault_api.h"
#include "server/api_server.h"
#include "server/store/store.h"
#include "server/store/testing/faulty_disk.h"

namespace heirloom::simulation {

struct ClusterOptions {
  std::uint64_t seed = 1;
  bool durable = false;                        // on a simulated disk, so that the server can be restarted
  bool traced = false;                         // keeps a trace; sweeps do without
  bool leases = false;                         // controllers elect their leader by a Lease, and write fenced
  Mutant mutant = Mutant::None;                // a protection that is off
  kube::testing::FaultPlan* faults = nullptr;  // of the controller's requests; outlives the cluster
};

class Cluster {
 public:
  // With the server running and our definitions installed, without a controller.
  explicit Cluster(ClusterOptions options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  SimulatedWorld& world() { return world_; }

  void start_controller();
  // Between two steps. What it has sent is still under way. The next one starts after the pause. With leases it
  // acts when the old one's lease has run out; without it does not start before those requests are done, which
  // stands for the same.
  void crash_controller(Duration pause);
  // Crashes it when it has run so many handlers since it was started: "at its k-th await".
  void crash_controller_at(std::uint64_t handlers, Duration pause);
  // A leader change: another controller starts while this one goes on. Without leases both act for so long:
  // what one of them has seen the other may have overtaken, and the guards of the writes alone keep them apart.
  // With leases the other one stands by, and this one is paused, cut off from its lease, or meets a clock that
  // jumps, drawn from the seed, for about so long, before it is told to end.
  void depose_controller(Duration overlap);
  // With leases: pauses it for so long at its k-th await, while another one starts and stands by.
  void pause_controller_at(std::uint64_t handlers, Duration spell);
  // Not installed until it is turned on.
  Webhook& webhook() { return webhook_; }
  const Webhook& webhook() const { return webhook_; }
  bool crashed() const { return crashes_ > 0; }
  std::uint64_t crashes() const { return crashes_; }  // of controllers and servers
  // Handlers that the controller, or the one before it, has run.
  std::uint64_t controller_handlers() const;
  // A power loss and a restart at once; durable clusters only. Controllers see their connections reset.
  void restart_server(server::FaultyDisk::PowerLoss loss);

  // Runs so many handlers, moving the clock where nothing is ready.
  void run_steps(std::uint64_t steps);
  void run_for(Duration duration);
  // Runs until nothing has been committed for some minutes; false when that does not come about within two
  // hours, or within more handlers than anything that comes to rest has ever needed.
  bool settle();
  // What controllers asked about objects, watches left out, in the last minutes of the quiet that settle() waited for.
  std::uint64_t requests_at_rest() const { return requests_at_rest_; }
  // Whether the controller has nothing queued and nothing running, and how much its caches hold.
  bool controller_idle() const { return controller_ == nullptr || controller_->controller->idle(); }
  std::size_t controller_memory() const { return controller_ ? controller_->controller->memory_bytes() : 0; }

  // As a user who waits for the answer. The text is YAML: creates the object, or replaces its spec or data.
  Status install_definitions();  // ours, where one is missing
  Status apply(std::string_view yaml);
  Status apply_object(Json object);
  Status remove(std::string_view key);
  Status patch(std::string_view key, Json merge_patch);
  // The object as stored, by its key in the store ("/core/configmaps/default/web"); null when there is none.
  Json stored(std::string_view key) const;
  const std::map<std::string, server::StoredPtr, std::less<>>& all() const { return seen_; }

  // Called for every commit, in order, before the next step.
  std::function<void(const Commit& commit)> on_commit;
  // A server that was restarted no longer knew a revision that had been shown.
  bool lost_a_revision() const { return lost_a_revision_; }
  // The run so far, one line per request, commit, crash and user's action; empty unless traced.
  const std::vector<std::string>& trace() const { return trace_; }
  void say(std::string line);
  bool verbose = false;  // trace lines go to stdout as they come, too
  const CoverageCounts& coverage() const { return coverage_.counts(); }
  std::uint64_t calls_of_controller() const { return wire_.calls("controller"); }
  std::uint64_t commits() const { return commits_; }  // Events and renewals of leases not counted

 private:
  void start_server();
  Json admit(const server::Resource& resource, const Json& object, const Json& before);
  bool step();
  bool step_before(MonotonicTime end);
  void stop_clock_at(MonotonicTime time);
  void observe();
  std::vector<server::StoreEventPtr> new_events();
  void see(const server::StoreEvent& event);
  // The request that caused it, when one of a controller did; valid until the next step.
  const Sent* attribute(Commit& commit) const;
  template <class T>
  T wait_for(Task<T> task);
  kube::ObjectRef ref_of(std::string_view key) const;

  ClusterOptions options_;
  MutantSeam mutant_seam_;
  SimulatedWorld world_;
  server::FaultyDisk disk_;
  Wire wire_;
  Coverage coverage_;
  Webhook webhook_;
  std::set<std::string> admitted_;  // keys of what the webhook changed in a write that may be under way
  SimulatedLoop user_loop_;
  std::unique_ptr<kube::Api> user_api_;
  SimulatedLoop observer_loop_;  // in a world of its own: looking on moves nothing

  // The server's life.
  int server_lives_ = 0;
  std::unique_ptr<SimulatedLoop> server_loop_;
  std::unique_ptr<SeededRandom> server_random_;
  std::unique_ptr<Metrics> server_metrics_;
  std::unique_ptr<server::Store> store_;
  std::unique_ptr<server::ApiServer> api_server_;
  std::unique_ptr<kube::Api> local_api_;
  std::unique_ptr<TaskScope> requests_;
  std::unique_ptr<kube::testing::FaultApi> fault_api_;

  // One life of a controller.
  struct Instance {
    std::unique_ptr<SimulatedLoop> loop;
    std::unique_ptr<SeededRandom> random;
    std::unique_ptr<Metrics> metrics;
    std::unique_ptr<kube::Api> api;
    std::unique_ptr<MutantApi> mutant;        // around it, if any
    std::unique_ptr<kube::Api> lease_api;
    std::unique_ptr<core::LedController> controller;
    std::optional<Started<Status>> lost;      // with leases: ends with its leadership
    std::optional<Started<void>> ending;      // told to end
    std::optional<MonotonicTime> resumes_at;  // paused until then
    std::string process;                      // its name, and its identity in the lease
    ~Instance();                              // a crash
  };
  void disturb(Instance& leader, Duration spell);
  void pause(Instance& leader, MonotonicTime end);
  void follow_leadership();
  void end_deposed();
  int controller_lives_ = 0;
  std::unique_ptr<Instance> controller_;
  std::unique_ptr<Instance> deposed_;  // the one before: goes on until it loses its lease, or until its end
  std::optional<MonotonicTime> deposed_until_;
  SeededRandom disturbances_;
  std::optional<MonotonicTime> starts_at_;
  std::optional<std::uint64_t> crash_at_;
  std::optional<std::uint64_t> pause_at_;
  Duration pause_spell_ = Duration::zero();
  Duration crash_pause_ = Duration::zero();
  std::uint64_t crashes_ = 0;
  std::uint64_t handlers_before_crash_ = 0;

  server::Revision observed_ = 0;
  bool lost_a_revision_ = false;
  std::map<std::string, server::StoredPtr, std::less<>> seen_;
  std::uint64_t requests_at_rest_ = 0;
  std::uint64_t commits_ = 0;  // Events not counted
  std::vector<std::string> trace_;
};

}  // namespace heirloom::simulation
