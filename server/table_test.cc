#include "server/table.h"

#include <doctest/doctest.h>

#include "server/builtin_resources.h"
#include "server/table_cells.h"

namespace heirloom::server {
namespace {

const WallTime kNow = *parse_time("2026-01-02T00:00:00Z");

const Resource& resource(std::string_view kind) {
  static const std::vector<Resource> kResources = builtin_resources();
  for (const Resource& each : kResources)
    if (each.kind == kind) return each;
  REQUIRE(false);
  return kResources.front();
}

// The cells of one object, as JSON.
std::string shown(const Resource& of, std::string_view object) {
  const auto parsed = Json::parse(object);
  REQUIRE_MESSAGE(parsed.ok(), parsed.status().message());
  const JsonView view = *parsed;
  TableOptions options;
  options.now = kNow;
  const Json table = table_of(of, of.versions[0], std::span<const JsonView>(&view, 1), JsonView(), options);
  CHECK(table["columnDefinitions"].size() == table["rows"].element(0)["cells"].size());
  return write_json(table["rows"].element(0)["cells"]);
}

}  // namespace

TEST_CASE("ages get coarser as they grow") {
  struct Row {
    std::int64_t seconds;
    const char* text;
  };
  const Row rows[] = {
      {-5, "<invalid>"},
      {-1, "0s"},
      {0, "0s"},
      {119, "119s"},
      {120, "2m"},
      {130, "2m10s"},
      {600, "10m"},
      {3 * 3600 - 1, "179m"},
      {3 * 3600, "3h"},
      {3 * 3600 + 60, "3h1m"},
      {8 * 3600 + 60, "8h"},
      {47 * 3600, "47h"},
      {48 * 3600, "2d"},
      {49 * 3600, "2d1h"},
      {8 * 86400 + 3600, "8d"},
      {729 * 86400, "729d"},
      {730 * 86400, "2y"},
      {800 * 86400, "2y70d"},
      {3000 * 86400LL, "8y"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.seconds);
    CHECK(human_age(std::chrono::seconds(row.seconds)) == row.text);
  }
}

TEST_CASE("built-in kinds show what kubectl users know") {
  struct Row {
    const char* kind;
    const char* object;
    const char* cells;
  };
  const Row rows[] = {
      {"ConfigMap",
       R"({"metadata":{"name":"a","creationTimestamp":"2026-01-01T23:59:00Z"},"data":{"x":""},"binaryData":{"y":""}})",
       R"(["a",2,"60s"])"},
      {"Namespace", R"({"metadata":{"name":"n"},"status":{"phase":"Active"}})",
       R"(["n","Active","<unknown>"])"},
      {"Secret", R"({"metadata":{"name":"s"},"type":"Opaque","data":{"a":"","b":""}})",
       R"(["s","Opaque",2,"<unknown>"])"},
      {"Deployment",
       R"({"metadata":{"name":"web"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"spec":
        {"containers":[{"name":"a","image":"x:1"},{"name":"b","image":"y"}]}}},"status":{"readyReplicas":2,"updatedReplicas":1}})",
       R"(["web","2/3",1,0,"<unknown>","a,b","x:1,y","app=web"])"},
      {"Service",
       R"({"metadata":{"name":"s"},"spec":{"type":"LoadBalancer","clusterIP":"10.0.0.1","ports":[{"port":80,"nodePort":30001,
        "protocol":"TCP"},{"port":53,"protocol":"UDP"}],"selector":{"b":"2","a":"1"}}})",
       R"(["s","LoadBalancer","10.0.0.1","<pending>","80:30001/TCP,53/UDP","<unknown>","a=1,b=2"])"},
      {"Service", R"({"metadata":{"name":"s"},"spec":{"type":"ExternalName","externalName":"db.example"}})",
       R"(["s","ExternalName","<none>","db.example","<none>","<unknown>","<none>"])"},
      {"Event",
       R"({"metadata":{"name":"e"},"type":"Normal","reason":"R","involvedObject":{"kind":"Pod","name":"p"},"message":" hi\n",
        "source":{"component":"c"},"lastTimestamp":"2026-01-01T23:59:50Z","count":3})",
       R"(["10s","Normal","R","pod/p","","c","hi","<unknown>",3,"e"])"},
      {"Pod",
       R"({"metadata":{"name":"p"},"spec":{"containers":[{},{}],"nodeName":"n1"},"status":{"phase":"Running","podIP":"1.2.3.4",
        "containerStatuses":[{"ready":true,"restartCount":2,"state":{"running":{}}},
        {"restartCount":1,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}})",
       R"(["p","1/2","CrashLoopBackOff",3,"<unknown>","1.2.3.4","n1","<none>","<none>"])"},
      {"Pod",
       R"({"metadata":{"name":"p"},"spec":{"initContainers":[{},{}],"containers":[{}]},"status":{"phase":"Pending",
        "initContainerStatuses":[{"state":{"terminated":{"exitCode":0}}},{"state":{"running":{}}}]}})",
       R"(["p","0/1","Init:1/2",0,"<unknown>","<none>","<none>","<none>","<none>"])"},
      {"Job",
       R"({"metadata":{"name":"j"},"spec":{"completions":2,"selector":{"matchLabels":{"a":"b"}},"template":{"spec":
        {"containers":[{"name":"c","image":"i"}]}}},"status":{"succeeded":1,"startTime":"2026-01-01T23:59:00Z"}})",
       R"(["j","1/2","60s","<unknown>","c","i","a=b"])"},
      {"PersistentVolumeClaim",
       R"({"metadata":{"name":"c"},"spec":{"volumeMode":"Filesystem"},"status":{"phase":"Pending"}})",
       R"(["c","Pending","","","","","<unknown>","Filesystem"])"},
      {"Ingress", R"({"metadata":{"name":"i"},"spec":{"rules":[{"host":"a"},{"host":"b"}],"tls":[{}]}})",
       R"(["i","<none>","a,b","","80, 443","<unknown>"])"},
      {"RoleBinding",
       R"({"metadata":{"name":"b"},"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"User","name":"u"},
        {"kind":"ServiceAccount","namespace":"n","name":"s"},{"kind":"User","name":"v"}]})",
       R"(["b","Role/r","<unknown>","u, v","","n/s"])"},
      {"Lease", R"({"metadata":{"name":"l"},"spec":{}})", R"(["l","","<unknown>"])"},
      {"Role", R"({"metadata":{"name":"r","creationTimestamp":"2026-01-01T00:00:00Z"}})",
       R"(["r","2026-01-01T00:00:00Z"])"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.kind);
    CHECK(shown(resource(row.kind), row.object) == row.cells);
  }
}

TEST_CASE("every computed column has its function") {
  for (const Resource& each : builtin_resources()) {
    for (const PrinterColumn& column : each.versions[0].columns) {
      if (column.computed.empty()) continue;
      CAPTURE(column.computed);
      CHECK(is_computed_column(column.computed));
    }
  }
}

TEST_CASE("custom columns show null for what is not there or of another type") {
  Resource thing;
  thing.custom = true;
  ResourceVersionInfo version;
  const auto column = [&version](const char* name, const char* type, const char* path) {
    PrinterColumn each;
    each.name = name;
    each.type = type;
    each.json_path = path;
    version.columns.push_back(each);
  };
  column("A", "string", ".a");
  column("B", "integer", ".b");
  column("C", "date", ".c");
  column("D", "boolean", ".d");
  column("E", "string", ".e");
  column("F", "date", ".f");
  thing.versions.push_back(version);
  CHECK(shown(thing,
              R"({"metadata":{"name":"x"},"a":5,"b":2.9,"c":"2026-01-01T23:59:00Z","d":"no","f":"soon"})") ==
        R"(["x","5",2,"60s",null,null,"<invalid>"])");
}

TEST_CASE("a table leaves out what was not asked for") {
  const Resource& of = resource("ConfigMap");
  const Json object = Json::object({{"metadata", Json::object({{"name", "a"}})}, {"data", Json::object()}});
  const JsonView view = object;
  TableOptions options;
  options.now = kNow;
  options.headers = false;
  options.include = TableObject::None;
  const Json bare = table_of(of, of.versions[0], std::span<const JsonView>(&view, 1), JsonView(), options);
  CHECK(bare["columnDefinitions"].is_null());
  CHECK(bare["rows"].element(0)["object"].is_null());
  options.include = TableObject::Metadata;
  const Json partial = table_of(of, of.versions[0], std::span<const JsonView>(&view, 1), JsonView(), options);
  CHECK(partial["rows"].element(0)["object"]["kind"].string() == "PartialObjectMetadata");
  CHECK_FALSE(partial["rows"].element(0)["object"].contains("data"));
  const Json none = table_of(of, of.versions[0], {}, JsonView(), options);
  CHECK(none["rows"].is_array());
}

}  // namespace heirloom::server
