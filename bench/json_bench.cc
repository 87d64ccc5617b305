// What a Json costs: time, allocations and bytes, for objects such as a controller caches by the hundred
// thousand.
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "base/json.h"
#include "base/yaml.h"

namespace {

std::size_t allocations = 0;

}  // namespace

// Counts, and otherwise does what the library's own would.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace heirloom {
namespace {

// A Deployment as an API server returns it, without managedFields.
std::string deployment(int number) {
  const std::string name = "shop-web-" + std::to_string(number);
  const std::string uid = fmt::format("1b4e28ba-2fa1-11d2-883f-{:012x}", number * 7919);
  return fmt::format(
      R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{0}","namespace":"team-{2}","uid":"{1}",)"
      R"("resourceVersion":"{3}","generation":2,"creationTimestamp":"2026-01-02T03:04:05Z","labels":{{)"
      R"("app.oam.dev/name":"{0}","app.oam.dev/namespace":"team-{2}","app.oam.dev/component":"web",)"
      R"("app.kubernetes.io/name":"{0}","app.kubernetes.io/managed-by":"heirloom"}},"annotations":{{)"
      R"("deployment.kubernetes.io/revision":"2","app.oam.dev/shared-by":"team-{2}/{0}",)"
      R"("heirloom.dev/record":"{{\"object\":[\"apps\",\"Deployment\",\"team-{2}\",\"{0}\"],\"sharers\":{{}}}}"}}}},)"
      R"("spec":{{"replicas":3,"selector":{{"matchLabels":{{"app":"{0}"}}}},"template":{{"metadata":{{)"
      R"("creationTimestamp":null,"labels":{{"app":"{0}","tier":"frontend"}}}},"spec":{{"containers":[{{)"
      R"("name":"web","image":"registry.example.com/shop/web:1.2.{2}","ports":[{{"containerPort":8080,)"
      R"("protocol":"TCP"}}],"env":[{{"name":"LOG_LEVEL","value":"info"}},{{"name":"DATABASE_URL","valueFrom":)"
      R"({{"secretKeyRef":{{"name":"{0}-db","key":"url"}}}}}}],"resources":{{"limits":{{"cpu":"500m",)"
      R"("memory":"256Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},"livenessProbe":{{"httpGet":{{)"
      R"("path":"/healthz","port":8080,"scheme":"HTTP"}},"timeoutSeconds":1,"periodSeconds":10,)"
      R"("successThreshold":1,"failureThreshold":3}},"terminationMessagePath":"/dev/termination-log",)"
      R"("terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}}],"restartPolicy":"Always",)"
      R"("terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","securityContext":{{}},)"
      R"("schedulerName":"default-scheduler"}}}},"strategy":{{"type":"RollingUpdate","rollingUpdate":{{)"
      R"("maxUnavailable":"25%","maxSurge":"25%"}}}},"revisionHistoryLimit":10,"progressDeadlineSeconds":600}},)"
      R"("status":{{"observedGeneration":2,"replicas":3,"updatedReplicas":3,"readyReplicas":3,)"
      R"("availableReplicas":3,"conditions":[{{"type":"Available","status":"True","lastUpdateTime":)"
      R"("2026-01-02T03:04:25Z","lastTransitionTime":"2026-01-02T03:04:25Z","reason":"MinimumReplicasAvailable",)"
      R"("message":"Deployment has minimum availability."}}]}}}})",
      name, uid, number % 100, number * 13 + 1000);
}

// About 1 KiB: what most objects of an application look like.
std::string config_map(int number) {
  return fmt::format(
      R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"settings-{0}","namespace":"team-{1}",)"
      R"("uid":"1b4e28ba-2fa1-11d2-883f-{0:012x}","resourceVersion":"{0}","creationTimestamp":"2026-01-02T03:04:05Z",)"
      R"("labels":{{"app.oam.dev/name":"shop-{0}","app.oam.dev/namespace":"team-{1}","app.oam.dev/component":"cfg"}},)"
      R"("annotations":{{"app.oam.dev/shared-by":"team-{1}/shop-{0}"}}}},"data":{{"application.yaml":"{2}",)"
      R"("LOG_LEVEL":"info","FEATURES":"cart,checkout,search"}}}})",
      number, number % 100, std::string(500, 'x'));
}

class AllocationCount {
 public:
  explicit AllocationCount(benchmark::State& state) : state_(state), before_(allocations) {}
  ~AllocationCount() {
    const auto count = static_cast<double>(allocations - before_);
    state_.counters["allocations"] = count / static_cast<double>(state_.iterations());
  }

 private:
  benchmark::State& state_;
  std::size_t before_;
};

void parse(benchmark::State& state) {
  const std::string text = deployment(1);
  AllocationCount count(state);
  for (auto _ : state) benchmark::DoNotOptimize(Json::parse(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(parse);

void write(benchmark::State& state) {
  const Json json = *Json::parse(deployment(1));
  std::string out;
  AllocationCount count(state);
  for (auto _ : state) {
    out.clear();
    write_json(json, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(out.size()) * state.iterations());
}
BENCHMARK(write);

void equal(benchmark::State& state) {
  const Json a = *Json::parse(deployment(1));
  const Json b = *Json::parse(deployment(1));
  AllocationCount count(state);
  for (auto _ : state) benchmark::DoNotOptimize(a == b);
}
BENCHMARK(equal);

void equal_in_another_order(benchmark::State& state) {
  const Json a = *Json::parse(deployment(1));
  const Json b = rewrite(a, {remove_at({"apiVersion"}), set_at({"apiVersion"}, Json::string("apps/v1"))});
  AllocationCount count(state);
  for (auto _ : state) benchmark::DoNotOptimize(a == b);
}
BENCHMARK(equal_in_another_order);

void hash(benchmark::State& state) {
  const Json json = *Json::parse(deployment(1));
  AllocationCount count(state);
  for (auto _ : state) benchmark::DoNotOptimize(hash_json(json));
}
BENCHMARK(hash);

void look_up(benchmark::State& state) {
  const Json json = *Json::parse(deployment(1));
  for (auto _ : state)
    benchmark::DoNotOptimize(
        json.view()["spec"]["template"]["spec"]["containers"].element(0)["image"].string());
}
BENCHMARK(look_up);

void copy_subtree(benchmark::State& state) {
  const Json json = *Json::parse(deployment(1));
  AllocationCount count(state);
  for (auto _ : state) benchmark::DoNotOptimize(json["spec"].to_json());
}
BENCHMARK(copy_subtree);

void rewrite_three_fields(benchmark::State& state) {
  const Json json = *Json::parse(deployment(1));
  const Json value = Json::string("team/other");
  AllocationCount count(state);
  for (auto _ : state)
    benchmark::DoNotOptimize(rewrite(
        json, {set_at({"metadata", "labels", "app.oam.dev/name"}, value),
               set_at({"metadata", "annotations", "app.oam.dev/shared-by"}, value), remove_at({"status"})}));
}
BENCHMARK(rewrite_three_fields);

void build_small_object(benchmark::State& state) {
  AllocationCount count(state);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        Json::object({{"name", "a name of some length"}, {"replicas", 3}, {"ready", true}}));
}
BENCHMARK(build_small_object);

void yaml_round_trip(benchmark::State& state) {
  const std::string text = write_yaml(*Json::parse(deployment(1)));
  for (auto _ : state) benchmark::DoNotOptimize(parse_yaml(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(yaml_round_trip);

// Live heap for each of 20,000 kept objects, as malloc sees it, and what the block itself says.
void memory(benchmark::State& state, std::string (*make)(int)) {
  constexpr int kObjects = 20'000;
  double text_bytes = 0;
  double block_bytes = 0;
  double heap_bytes = 0;
  for (auto _ : state) {
    std::vector<Json> kept;
    kept.reserve(kObjects);
    text_bytes = block_bytes = 0;
    const std::size_t before = mallinfo2().uordblks;
    for (int i = 0; i < kObjects; ++i) {
      const std::string text = make(i);
      kept.push_back(*Json::parse(text));
      text_bytes += static_cast<double>(text.size()) / kObjects;
      block_bytes += static_cast<double>(kept.back().memory_bytes()) / kObjects;
    }
    heap_bytes = static_cast<double>(mallinfo2().uordblks - before) / kObjects;
  }
  state.counters["text_bytes"] = text_bytes;
  state.counters["block_bytes"] = block_bytes;
  state.counters["heap_bytes"] = heap_bytes;
  state.counters["heap_per_KiB"] = heap_bytes / text_bytes * 1024;
}
BENCHMARK_CAPTURE(memory, deployment, deployment)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(memory, config_map, config_map)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace heirloom

BENCHMARK_MAIN();
