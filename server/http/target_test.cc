#include <doctest/doctest.h>

#include "server/http/target.h"

namespace heirloom::server {
namespace {

TEST_CASE("a path names a group, version, namespace, resource, name and subresource") {
  struct Row {
    const char* path;
    const char* parts;  // group|version|namespace|resource|name|subresource; "" = names no resource
    const char* because;
  };
  const Row rows[] = {
      {"/api/v1/configmaps", "|v1||configmaps||", "all namespaces"},
      {"/api/v1/namespaces/a/configmaps/x", "|v1|a|configmaps|x|", "one object"},
      {"/apis/apps/v1/namespaces/a/deployments/x/scale", "apps|v1|a|deployments|x|scale", "a subresource"},
      {"/api/v1/namespaces", "|v1||namespaces||", "the namespaces themselves"},
      {"/api/v1/namespaces/a", "|v1||namespaces|a|", "one namespace"},
      {"/api/v1/namespaces/a/status", "|v1||namespaces|a|status", "its status, not a resource called so"},
      {"/api/v1/namespaces/a/finalize", "|v1||namespaces|a|finalize", "its finalize"},
      {"/api/v1/namespaces/a/pods/x/proxy/y", "|v1|a|pods|x|proxy/y",
       "deeper paths belong to the subresource"},
      {"/api/v1/watch/namespaces/a/pods", "|v1|a|pods||", "the old prefix of watches"},
      {"/api/v1/configmaps/%41", "|v1||configmaps|A|", "segments are decoded one by one"},
      {"/apis/apps", "", "a group"},
      {"/apis/apps/v1", "", "a version of a group"},
      {"/api/v1", "", "the core version"},
      {"/healthz", "", "something else"},
      {"/api/v1/configmaps/%4", "", "a broken escape"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.because);
    const auto path = parse_resource_path(row.path);
    const auto joined = path ? path->group + "|" + path->version + "|" + path->ns + "|" + path->resource +
                                   "|" + path->name + "|" + path->subresource
                             : std::string();
    CHECK(joined == row.parts);
  }
}

TEST_CASE("query parameters are decoded; flags are what Go takes for true") {
  const auto query = Query::parse("labelSelector=a%3Db%2Cc+in+(d)&watch=1&empty=&again=x&again=y&&flag");
  REQUIRE(query.ok());
  CHECK(query->get("labelSelector") == "a=b,c in (d)");
  CHECK(query->flag("watch"));
  CHECK(!query->flag("empty"));
  CHECK(query->has("flag"));
  CHECK(query->all("again").size() == 2);
  CHECK(!Query::parse("a=%zz").ok());
}

TEST_CASE("options of a delete come from body and query") {
  struct Row {
    const char* query;
    const char* body;
    const char* outcome;  // the policy, or the code of the error
    const char* because;
  };
  const Row rows[] = {
      {"", "null", "", "nothing said: the kind's default"},
      {"propagationPolicy=Orphan", "null", "Orphan", "the query counts"},
      {"propagationPolicy=Orphan", R"({"propagationPolicy":"Foreground"})", "Foreground",
       "the body counts more"},
      {"", R"({"orphanDependents":true})", "Orphan", "the old spelling"},
      {"", R"({"orphanDependents":false})", "Background", "the old spelling of the opposite"},
      {"", R"({"propagationPolicy":"Sideways"})", "422", "there are three policies"},
      {"", R"({"propagationPolicy":"Background","orphanDependents":true})", "422", "both spellings at once"},
      {"", R"({"kind":"ConfigMap"})", "400", "other bodies are not options"},
      {"dryRun=Some", "null", "422", "dry run is All or nothing"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.because);
    const auto query = Query::parse(row.query);
    const auto body = Json::parse(row.body);
    REQUIRE(query.ok());
    REQUIRE(body.ok());
    const auto parsed = parse_delete_parameters(*query, *body);
    CHECK((parsed.ok() ? parsed->propagation : std::to_string(parsed.status().code())) == row.outcome);
  }
}

}  // namespace
}  // namespace heirloom::server
