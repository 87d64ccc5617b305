#include "kube/rest_mapper.h"

#include <doctest/doctest.h>

#include "base/testing/simulated_loop.h"
#include "kube/testing/scripted_api.h"

namespace heirloom::kube {
namespace {

using std::chrono::seconds;
using testing::ScriptedApi;

constexpr const char* kAppsV1 = R"({"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
  {"name":"deployments","singularName":"","namespaced":true,"kind":"Deployment","verbs":["create","get","list","watch"]},
  {"name":"deployments/scale","namespaced":true,"group":"autoscaling","version":"v1","kind":"Scale","verbs":["get"]},
  {"name":"deployments/status","namespaced":true,"kind":"Deployment","verbs":["get"]}]})";
constexpr const char* kWidgetsV1 = R"({"kind":"APIResourceList","groupVersion":"ex.dev/v1","resources":[
  {"name":"widgets","namespaced":false,"kind":"Widget","verbs":["get"]}]})";
constexpr const char* kEmptyV1 = R"({"kind":"APIResourceList","groupVersion":"ex.dev/v1","resources":[]})";
constexpr const char* kGroup =
    R"({"kind":"APIGroup","name":"ex.dev","versions":[{"version":"v1alpha1"},{"version":"v1"}],
  "preferredVersion":{"groupVersion":"ex.dev/v1","version":"v1"}})";

Result<RawResponse> answer(int code, std::string body) {
  RawResponse r;
  r.code = code;
  r.body = std::move(body);
  return r;
}

struct Fixture {
  SimulatedLoop loop;
  ScriptedApi api{&loop.clock()};
  RestMapper mapper{loop.executor(), &api, &loop.clock()};
  Result<ResourceInfo> find(const char* group, const char* version, const char* kind) {
    return await(loop, mapper.resource_for(GroupVersionKind{group, version, kind}));
  }
};

TEST_CASE("a kind's resource, read once") {
  Fixture f;
  f.api.raws = {answer(200, kAppsV1)};
  const Result<ResourceInfo> found = f.find("apps", "v1", "Deployment");
  REQUIRE(found.ok());
  CHECK(found->resource.resource == "deployments");
  CHECK(found->namespaced);
  CHECK(found->can("watch"));
  CHECK(!found->can("delete"));
  CHECK(found->subresources == std::vector<std::string>{"scale", "status"});
  CHECK(f.find("apps", "v1", "Deployment").ok());
  CHECK(f.api.calls == std::vector<std::string>{"raw /apis/apps/v1"});
}

TEST_CASE("an unknown kind is looked for again, but not in a rush") {
  Fixture f;
  f.api.raws = {answer(404, "404 page not found"), answer(200, kEmptyV1), answer(200, kWidgetsV1)};
  CHECK(is_kind_unknown(f.find("ex.dev", "v1", "Widget").status()));
  CHECK(is_kind_unknown(f.find("ex.dev", "v1", "Widget").status()));
  CHECK(f.mapper.requests() == 1);
  f.loop.world().run_for(seconds(6));
  CHECK(is_kind_unknown(f.find("ex.dev", "v1", "Widget").status()));
  CHECK(f.mapper.requests() == 2);
  f.loop.world().run_for(seconds(6));
  CHECK(f.find("ex.dev", "v1", "Widget").ok());
}

TEST_CASE("after an invalidation a new kind is found at once") {
  Fixture f;
  f.api.raws = {answer(404, ""), answer(200, kWidgetsV1)};
  CHECK(is_kind_unknown(f.find("ex.dev", "v1", "Widget").status()));
  f.mapper.invalidate("ex.dev");
  CHECK(f.find("ex.dev", "v1", "Widget").ok());
  CHECK(f.find("ex.dev", "v1", "Widget").ok());
  CHECK(f.mapper.requests() == 2);
}

TEST_CASE("failed discovery is not an unknown kind") {
  struct Row {
    const char* because;
    Result<RawResponse> response;
  };
  const Row rows[] = {
      {"the server is away", unreachable("refused")},
      {"an aggregated server is away", answer(503, "service unavailable")},
      {"we may not ask", answer(403, "forbidden")},
      {"an answer that is no discovery document", answer(200, "<html>")},
      {"an answer of another kind", answer(200, R"({"kind":"Status"})")},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    Fixture f;
    f.api.raws = {row.response, row.response, row.response};
    const Result<ResourceInfo> found = f.find("ex.dev", "v1", "Widget");
    REQUIRE(!found.ok());
    CHECK(!is_kind_unknown(found.status()));
    const Result<bool> gone = await(f.loop, f.mapper.is_gone(GroupKind{"ex.dev", "Widget"}));
    CHECK(!gone.ok());
  }
}

TEST_CASE("a kind is gone only when every version of its group, read afresh, lacks it") {
  Fixture f;
  f.api.raws = {answer(200, kWidgetsV1)};
  CHECK(f.find("ex.dev", "v1", "Widget").ok());
  f.api.raws = {answer(200, kGroup), answer(200, kEmptyV1), unreachable("refused")};
  CHECK(!await(f.loop, f.mapper.is_gone(GroupKind{"ex.dev", "Widget"})).ok());
  f.api.raws = {answer(200, kGroup), answer(200, kEmptyV1), answer(200, kEmptyV1)};
  const Result<bool> gone = await(f.loop, f.mapper.is_gone(GroupKind{"ex.dev", "Widget"}));
  REQUIRE(gone.ok());
  CHECK(*gone);
  f.api.raws = {answer(200, kGroup), answer(200, kWidgetsV1)};
  const Result<bool> back = await(f.loop, f.mapper.is_gone(GroupKind{"ex.dev", "Widget"}));
  REQUIRE(back.ok());
  CHECK(!*back);
  f.api.raws = {answer(404, "")};
  const Result<bool> whole_group = await(f.loop, f.mapper.is_gone(GroupKind{"ex.dev", "Widget"}));
  REQUIRE(whole_group.ok());
  CHECK(*whole_group);
}

TEST_CASE("the preferred version comes first, the core group has a place of its own") {
  Fixture f;
  f.api.raws = {answer(200, kGroup), answer(200, kWidgetsV1)};
  const Result<ResourceInfo> widget =
      await(f.loop, f.mapper.preferred_resource_for(GroupKind{"ex.dev", "Widget"}));
  REQUIRE(widget.ok());
  CHECK(widget->resource.version == "v1");
  f.api.raws = {answer(200, R"({"kind":"APIVersions","versions":["v1"]})"),
                answer(200, R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
                  {"name":"configmaps","namespaced":true,"kind":"ConfigMap","verbs":["get"]}]})")};
  const Result<ResourceInfo> config_map =
      await(f.loop, f.mapper.preferred_resource_for(GroupKind{"", "ConfigMap"}));
  REQUIRE(config_map.ok());
  CHECK(config_map->resource.api_version() == "v1");
  CHECK(f.api.calls.back() == "raw /api/v1");
}

TEST_CASE("many who ask at once cost one request") {
  Fixture f;
  f.api.latency = seconds(1);
  f.api.raws = {answer(200, kAppsV1)};
  std::vector<Started<Result<ResourceInfo>>> asks;
  for (int i = 0; i < 20; ++i)
    asks.push_back(start(f.loop, f.mapper.resource_for(GroupVersionKind{"apps", "v1", "Deployment"})));
  f.loop.world().run_for(seconds(2));
  for (auto& ask : asks) {
    REQUIRE(ask.done());
    CHECK(ask.value().ok());
  }
  CHECK(f.mapper.requests() == 1);
}

TEST_CASE("everything that is served, each kind once, or an error that says what could not be read") {
  Fixture f;
  const auto answers = [] {
    return std::vector<Result<RawResponse>>{
        answer(200, R"({"kind":"APIGroupList","groups":[{"name":"ex.dev"}]})"),
        answer(200, R"({"kind":"APIVersions","versions":["v1"]})"),
        answer(200, R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
          {"name":"configmaps","namespaced":true,"kind":"ConfigMap","verbs":["list"]}]})"),
        answer(200, kGroup), answer(200, kWidgetsV1),
        answer(200, R"({"kind":"APIResourceList","groupVersion":"ex.dev/v1alpha1","resources":[
          {"name":"widgets","namespaced":false,"kind":"Widget","verbs":["get"]},
          {"name":"oldones","namespaced":true,"kind":"OldOne","verbs":["get"]}]})")};
  };
  for (Result<RawResponse>& each : answers()) f.api.raws.push_back(std::move(each));
  const Result<std::vector<ResourceInfo>> all = await(f.loop, f.mapper.all_resources());
  REQUIRE(all.ok());
  std::vector<std::string> names;
  for (const ResourceInfo& resource : *all)
    names.push_back(resource.resource.api_version() + "/" + resource.resource.resource);
  CHECK(names == std::vector<std::string>{"v1/configmaps", "ex.dev/v1/widgets", "ex.dev/v1alpha1/oldones"});

  f.api.raws.clear();
  for (Result<RawResponse>& each : answers()) f.api.raws.push_back(std::move(each));
  f.api.raws.back() = answer(503, "");
  const Status failed = await(f.loop, f.mapper.all_resources()).status();
  CHECK_FALSE(failed.ok());
  CHECK(failed.message().find("/apis/ex.dev/v1alpha1") != std::string::npos);
}

}  // namespace
}  // namespace heirloom::kube
