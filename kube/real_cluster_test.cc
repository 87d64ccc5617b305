// The whole client against a real API server. Runs only when HEIRLOOM_TEST_KUBECONFIG names a kubeconfig: a
// variable of its own, so that nobody's KUBECONFIG is touched by accident. Everything happens in one
// namespace of its own, which is deleted at the end, and with one CustomResourceDefinition.
#include <cstdlib>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/task_scope.h"
#include "kube/cache.h"
#include "kube/events.h"
#include "kube/http_api.h"
#include "kube/lease.h"
#include "kube/rest_mapper.h"
#include "kube/retry.h"
#include "net/event_loop.h"

namespace heirloom::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const GroupVersionResource kConfigMaps{"", "v1", "configmaps"};
const GroupVersionResource kNamespaces{"", "v1", "namespaces"};

struct Kept {
  std::string uid;
  std::string owner;
  std::size_t memory_bytes() const { return 0; }
};
Kept project(JsonView object) {
  Kept kept;
  kept.uid = std::string(object["metadata"]["uid"].string());
  kept.owner = std::string(object["metadata"]["labels"]["owner"].string());
  return kept;
}

struct Cluster {
  explicit Cluster(std::string path, std::string context = "", std::string as_user = "") {
    KubeconfigOptions options;
    options.path = std::move(path);
    options.context = std::move(context);
    Result<ClientConfig> config = load_client_config(options, system_sources());
    REQUIRE(config.ok());
    if (!as_user.empty()) config->impersonate_user = as_user;
    Result<std::unique_ptr<HttpApi>> made =
        make_http_api(loop.executor(), &loop.clock(), &metrics, std::move(config).value());
    REQUIRE(made.ok());
    http = std::move(made).value();
    api = std::make_unique<RetryingApi>(loop.executor(), http.get(), &loop.clock(), &random, &metrics);
  }
  ~Cluster() {
    net::await(loop, scope.stop());
    net::await(loop, http->stop());
  }
  template <class T>
  T run(Task<T> task) {
    return net::await(loop, std::move(task));
  }
  template <class Predicate>
  bool eventually(Predicate predicate) {
    for (int i = 0; i < 500 && !predicate(); ++i) net::await(loop, loop.clock().sleep_for(milliseconds(20)));
    return predicate();
  }
  Result<Json> get(const ObjectRef& ref) { return run(api->get(ref, GetOptions())); }

  net::EventLoop loop;
  SystemRandom random;
  Metrics metrics;
  TaskScope scope{loop.executor()};
  std::unique_ptr<HttpApi> http;
  std::unique_ptr<RetryingApi> api;
};

Json config_map(const std::string& name, const char* owner) {
  return Json::object(
      {{"apiVersion", "v1"},
       {"kind", "ConfigMap"},
       {"metadata", Json::object({{"name", name}, {"labels", Json::object({{"owner", owner}})}})},
       {"data", Json::object({{"k", "v"}})}});
}

std::string version_of(const Json& object) {
  return std::string(object["metadata"]["resourceVersion"].string());
}

Json label_patch(const char* owner, const std::string& guard) {
  const Json labels = Json::object({{"owner", owner}});
  return Json::object({{"metadata", Json::object({{"resourceVersion", guard}, {"labels", labels}})}});
}

// The namespace of one test case.
struct Namespace {
  explicit Namespace(Cluster& cluster_in) : cluster(cluster_in) {
    name = "heirloom-test-" + cluster.random.name_suffix();
    const Json body = Json::object(
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Json::object({{"name", name}})}});
    REQUIRE(cluster.run(cluster.api->create(Collection{kNamespaces, ""}, body, WriteOptions())).ok());
  }
  ~Namespace() {
    CHECK(cluster.run(cluster.api->remove(ObjectRef{kNamespaces, "", name}, RemoveOptions())).ok());
  }
  Collection config_maps() const { return {kConfigMaps, name}; }
  ObjectRef config_map(std::string object) const { return {kConfigMaps, name, std::move(object)}; }
  Cluster& cluster;
  std::string name;
};

std::string kubeconfig() {
  const char* path = std::getenv("HEIRLOOM_TEST_KUBECONFIG");
  if (path != nullptr && *path != '\0') return path;
  MESSAGE("SKIPPED: HEIRLOOM_TEST_KUBECONFIG is not set");
  return {};
}

TEST_CASE("real cluster: guarded writes, dry run, selectors, pages") {
  const std::string path = kubeconfig();
  if (path.empty()) return;
  for (const char* context : {"", "kube-token"}) {
    CAPTURE(context);
    Cluster c(path, context);
    const Namespace ns(c);
    Api& api = *c.api;

    WriteOptions dry_run;
    dry_run.dry_run = true;
    CHECK(c.run(api.create(ns.config_maps(), config_map("a", "x"), dry_run)).ok());
    CHECK(is_not_found(c.get(ns.config_map("a")).status()));
    const Result<Json> a = c.run(api.create(ns.config_maps(), config_map("a", "x"), WriteOptions()));
    REQUIRE(a.ok());
    CHECK(is_already_exists(
        c.run(api.create(ns.config_maps(), config_map("a", "x"), WriteOptions())).status()));

    const std::string v1 = version_of(*a);
    const Result<Json> patched =
        c.run(api.patch(ns.config_map("a"), PatchType::Merge, label_patch("y", v1), WriteOptions()));
    REQUIRE(patched.ok());
    CHECK((*patched)["metadata"]["labels"]["owner"].string() == "y");
    CHECK(is_conflict(
        c.run(api.patch(ns.config_map("a"), PatchType::Merge, label_patch("z", v1), WriteOptions()))
            .status()));
    CHECK(is_conflict(c.run(api.update(ns.config_map("a"), *a, WriteOptions())).status()));

    for (const char* name : {"b", "c", "d", "e"})
      REQUIRE(c.run(api.create(ns.config_maps(), config_map(name, "x"), WriteOptions())).ok());
    ListOptions pages;
    pages.label_selector = "owner in (x, y)";
    pages.limit = 2;
    std::vector<std::string> names;
    do {
      const Result<ListPage> page = c.run(api.list(ns.config_maps(), pages));
      REQUIRE(page.ok());
      CHECK(page->items.size() <= 2);
      for (const Json& item : page->items) {
        names.emplace_back(item["metadata"]["name"].string());
        CHECK(item["kind"].string() == "ConfigMap");
        CHECK(item["apiVersion"].string() == "v1");
      }
      pages.continue_token = page->continue_token;
    } while (!pages.continue_token.empty());
    CHECK(names == std::vector<std::string>{"a", "b", "c", "d", "e"});
    ListOptions slim;
    slim.metadata_only = true;
    slim.resource_version = "0";
    slim.field_selector = "metadata.name=b";
    const Result<ListPage> metadata = c.run(api.list(ns.config_maps(), slim));
    REQUIRE(metadata.ok());
    REQUIRE(metadata->items.size() == 1);
    CHECK(!metadata->items[0]["data"].exists());

    RemoveOptions remove;
    remove.uid = std::string((*a)["metadata"]["uid"].string());
    remove.resource_version = v1;
    CHECK(is_conflict(c.run(api.remove(ns.config_map("a"), remove)).status()));
    remove.resource_version = version_of(*patched);
    CHECK(c.run(api.remove(ns.config_map("a"), remove)).ok());
    CHECK(is_not_found(c.get(ns.config_map("a")).status()));

    const Result<Json> wrong =
        c.run(api.create(ns.config_maps(), config_map("Not_A_Name", "x"), WriteOptions()));
    CHECK(is_invalid(wrong.status()));
    REQUIRE(!wrong.status().details().causes.empty());
    CHECK(wrong.status().details().causes[0].field == "metadata.name");
    CHECK(c.metrics.counter_value("rest_client_requests_total",
                                  {{"verb", "DELETE"}, {"resource", "configmaps"}, {"code", "409"}}) == 1);
  }
}

TEST_CASE("real cluster: the reflector keeps a cache in step, also when its watches are short") {
  const std::string path = kubeconfig();
  if (path.empty()) return;
  Cluster c(path);
  const Namespace ns(c);
  for (int i = 0; i < 7; ++i)
    REQUIRE(
        c.run(c.api->create(ns.config_maps(), config_map(fmt::format("cm{}", i), "x"), WriteOptions())).ok());

  ObjectCache<Kept> cache(c.loop.executor(), project);
  const auto by_owner = cache.add_index(
      [](const Kept& kept, std::vector<std::string>& values) { values.push_back(kept.owner); });
  ReflectorOptions options;
  options.collection = ns.config_maps();
  options.label_selector = "owner";
  options.page_size = 3;
  options.watch_timeout = seconds(1);
  Reflector reflector(c.api.get(), &c.loop.clock(), &c.random, &c.metrics, options, &cache);
  c.scope.spawn("reflector", reflector.run());
  REQUIRE(c.eventually([&] { return cache.has_synced(); }));
  CHECK(cache.size() == 7);
  CHECK(cache.find_by(by_owner, "x").size() == 7);

  const Json to_y = Json::object({{"metadata", Json::object({{"labels", Json::object({{"owner", "y"}})}})}});
  CHECK(c.run(c.api->patch(ns.config_map("cm3"), PatchType::Merge, to_y, WriteOptions())).ok());
  CHECK(c.eventually([&] { return cache.find_by(by_owner, "y").contains(NamespacedName{ns.name, "cm3"}); }));
  const Json unselected =
      Json::object({{"metadata", Json::object({{"labels", Json::object({{"owner", nullptr}})}})}});
  CHECK(c.run(c.api->patch(ns.config_map("cm4"), PatchType::Merge, unselected, WriteOptions())).ok());
  CHECK(c.eventually([&] { return cache.size() == 6; }));
  CHECK(c.run(c.api->remove(ns.config_map("cm5"), RemoveOptions())).ok());
  CHECK(c.eventually([&] { return cache.size() == 5; }));
  CHECK(c.eventually([&] { return reflector.watches() >= 3; }));
  CHECK(reflector.lists() == 1);
  CHECK(reflector.status().error.ok());
  net::await(c.loop, c.scope.stop());
}

TEST_CASE(
    "real cluster: a resourceVersion that is no longer kept is 410, one that is not reached yet a Timeout "
    "with its cause") {
  const std::string path = kubeconfig();
  if (path.empty()) return;
  Cluster c(path);
  WatchOptions old;
  old.resource_version = "1";
  Result<std::unique_ptr<Watch>> watch = c.run(c.api->watch(Collection{kConfigMaps, ""}, old));
  if (watch.ok()) {
    const Result<std::optional<WatchEvent>> event = c.run((*watch)->next());
    CHECK(is_expired(event.status()));
  } else {
    CHECK(is_expired(watch.status()));
  }
  ListOptions future;
  future.resource_version = "999999999";
  const Result<ListPage> page = c.run(c.api->list(Collection{kConfigMaps, ""}, future));
  REQUIRE(!page.ok());
  CAPTURE(page.status().message());
  CHECK(page.status().has_cause("ResourceVersionTooLarge"));
}

TEST_CASE("real cluster: a reflector without rights says so") {
  const std::string path = kubeconfig();
  if (path.empty()) return;
  Cluster c(path, "", "nobody");
  ObjectCache<Kept> cache(c.loop.executor(), project);
  ReflectorOptions options;
  options.collection = Collection{kConfigMaps, "default"};
  Reflector reflector(c.api.get(), &c.loop.clock(), &c.random, &c.metrics, options, &cache);
  c.scope.spawn("reflector", reflector.run());
  CHECK(c.eventually([&] { return is_forbidden(reflector.status().error); }));
  CHECK(reflector.status().error.message().find("RBAC") != std::string::npos);
  CHECK(!cache.has_synced());
  net::await(c.loop, c.scope.stop());
}

TEST_CASE("real cluster: discovery finds kinds, sees new ones and tells when they are gone") {
  const std::string path = kubeconfig();
  if (path.empty()) return;
  Cluster c(path);
  RestMapper mapper(c.loop.executor(), c.api.get(), &c.loop.clock());
  const Result<ResourceInfo> deployment =
      c.run(mapper.preferred_resource_for(GroupKind{"apps", "Deployment"}));
  REQUIRE(deployment.ok());
  CHECK(deployment->resource.resource == "deployments");
  CHECK(deployment->namespaced);
  const Result<ResourceInfo> core = c.run(mapper.resource_for(GroupVersionKind{"", "v1", "Namespace"}));
  REQUIRE(core.ok());
  CHECK(!core->namespaced);

  const std::string group = c.random.name_suffix() + ".heirloom.test";
  const GroupKind widget{group, "Widget"};
  CHECK(is_kind_unknown(c.run(mapper.resource_for(GroupVersionKind{group, "v1", "Widget"})).status()));
  const Result<Json> crd = Json::parse(fmt::format(
      R"({{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{{"name":"widgets.{0}"}},
           "spec":{{"group":"{0}","scope":"Namespaced","names":{{"plural":"widgets","kind":"Widget"}},"versions":[
           {{"name":"v1","served":true,"storage":true,"schema":{{"openAPIV3Schema":{{"type":"object"}}}}}}]}}}})",
      group));
  REQUIRE(crd.ok());
  const GroupVersionResource crds{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
  REQUIRE(c.run(c.api->create(Collection{crds, ""}, *crd, WriteOptions())).ok());
  CHECK(c.eventually([&] {
    mapper.invalidate(group);
    return c.run(mapper.resource_for(GroupVersionKind{group, "v1", "Widget"})).ok();
  }));
  const Result<bool> there = c.run(mapper.is_gone(widget));
  REQUIRE(there.ok());
  CHECK(!*there);
  CHECK(c.run(c.api->remove(ObjectRef{crds, "", "widgets." + group}, RemoveOptions())).ok());
  CHECK(c.eventually([&] {
    const Result<bool> gone = c.run(mapper.is_gone(widget));
    return gone.ok() && *gone;
  }));
}

TEST_CASE("real cluster: events and a lease") {
  const std::string path = kubeconfig();
  if (path.empty()) return;
  Cluster c(path);
  const Namespace ns(c);
  const Result<Json> object = c.run(c.api->create(ns.config_maps(), config_map("a", "x"), WriteOptions()));
  REQUIRE(object.ok());
  EventRecorderOptions recorder_options;
  recorder_options.component = "heirloom-test";
  EventRecorder recorder(c.loop.executor(), c.api.get(), &c.loop.clock(), &c.random, &c.metrics,
                         recorder_options);
  c.scope.spawn("events", recorder.run());
  EventNote note;
  note.regarding = reference_to(*object);
  note.reason = "Tested";
  note.message = "by a test";
  recorder.record(note);
  recorder.record(note);
  ListOptions about;
  about.field_selector = "involvedObject.name=a";
  const Collection events{GroupVersionResource{"", "v1", "events"}, ns.name};
  std::vector<Json> found;
  CHECK(c.eventually([&] {
    Result<ListPage> page = c.run(c.api->list(events, about));
    if (page.ok()) found = std::move(page).value().items;
    return found.size() == 1 && found[0]["count"].int64() == 2;
  }));

  LeaseOptions lease;
  lease.ns = ns.name;
  lease.name = "leader";
  lease.identity = "one";
  LeaderElector one(c.loop.executor(), c.api.get(), &c.loop.clock(), &c.random, &c.metrics, lease);
  lease.identity = "two";
  LeaderElector two(c.loop.executor(), c.api.get(), &c.loop.clock(), &c.random, &c.metrics, lease);
  net::await(c.loop, one.acquire());
  CHECK(one.is_leader());
  c.scope.spawn("candidate", two.acquire());
  net::await(c.loop, c.loop.clock().sleep_for(milliseconds(200)));
  CHECK(!two.is_leader());
  CHECK(two.holder() == "one");
  net::await(c.loop, one.release());
  CHECK(c.eventually([&] { return two.is_leader(); }));
  net::await(c.loop, c.scope.stop());
}

}  // namespace
}  // namespace heirloom::kube
