#include "apis/resource_tracker.h"

#include <doctest/doctest.h>

#include "apis/compression.h"
#include "apis/labels.h"
#include "apis/testing/builders.h"
#include "base/yaml.h"

namespace heirloom {
namespace {

const NamespacedName kWeb{"prod", "web"};

TEST_CASE("a tracker of KubeVela's is read") {
  const Json json = *parse_yaml(R"(
apiVersion: core.oam.dev/v1beta1
kind: ResourceTracker
metadata:
  name: web-v3-prod
  finalizers: [resourcetracker.core.oam.dev/finalizer]
  labels:
    {app.oam.dev/name: web, app.oam.dev/namespace: prod, app.oam.dev/uid: 1b2c,
     app.oam.dev/appRevision: web-v2}
spec:
  type: versioned
  applicationGeneration: 3
  managedResources:
  - {apiVersion: apps/v1, kind: Deployment, name: web, namespace: prod, cluster: local, component: web,
     trait: AuxiliaryWorkload, raw: {a: 1}, deleted: true, skipGC: true}
  - {apiVersion: v1, kind: Namespace, name: example}
)");
  const Result<ResourceTracker> tracker = decode_resource_tracker(json);
  REQUIRE(tracker.ok());
  CHECK(tracker->type == TrackerType::Versioned);
  CHECK(tracker->application_generation == 3);
  CHECK(tracker->application() == application_key("prod", "web"));
  CHECK(tracker->application_uid() == "1b2c");
  REQUIRE(tracker->resources.size() == 2);
  CHECK(tracker->resources[0].key() == ObjectKey{"local", "apps", "Deployment", "prod", "web"});
  CHECK(tracker->resources[0].skip_gc);
  CHECK(tracker->find({"local", "", "Namespace", "", "example"}) == &tracker->resources[1]);
  CHECK(tracker->find({"local", "", "Namespace", "", "other"}) == nullptr);
  CHECK(*decode_resource_tracker(*encode_resource_tracker(*tracker)) == *tracker);
}

TEST_CASE("a compressed tracker is read, one that cannot be read is an error, never empty") {
  const std::string head = R"({"metadata":{"name":"t"},"spec":{"type":"root","compression":)";
  const Json gzip = *Json::parse(
      head + R"({"type":"gzip","data":"H4sIAAAAAAACA4uuVkosyAxLLSrOzM9TslIqM1TSUcrOzEsBsp3z89Iy030TC4BC)"
             R"(eYm5qUCh5LR0KKe4IDEZJFJQlJ+iVBsLACpNTkNIAAAA"}}})");
  const Result<ResourceTracker> tracker = decode_resource_tracker(gzip);
  REQUIRE(tracker.ok());
  CHECK(tracker->resources.at(0).name == "cfg");
  CHECK(tracker->compression == "gzip");
  if (has_zstd()) {
    const Json zstd = *Json::parse(
        head +
        R"({"type":"zstd","data":"KLUv/QRYJQIAEsQOF6C1GQOHS1KSdJPZ3RvoTR5beE8MqrIQRuCz2H4jg9tUMt8IQb28OKhMuoTvo3lc)"
        R"(DpJvXdkYInJxQBEBAALZhAJTZikh"}}})");
    CHECK(decode_resource_tracker(zstd)->resources == tracker->resources);
  }
  for (const std::string compression :
       {R"({"type":"zstd","data":"KLUv/Q=="})", R"({"type":"gzip","data":"AAAA"})", R"({"type":"gzip"})",
        R"({"type":"lz4","data":""})"}) {
    CAPTURE(compression);
    const Json json = *Json::parse(head + compression + "}}");
    const Result<ResourceTracker> unreadable = decode_resource_tracker(json);
    REQUIRE_FALSE(unreadable.ok());
    CHECK(unreadable.status().message().starts_with("ResourceTracker t: spec.compression"));
  }
}

TEST_CASE("a tracker with a fault is an error that names it") {
  for (const std::string spec :
       {"{type: other}", "{managedResources: {}}", "{managedResources: [1]}",
        "{managedResources: [{kind: A}]}", "{managedResources: [{kind: A, name: b, raw: text}]}",
        "{applicationGeneration: x}"}) {
    CAPTURE(spec);
    const Json json = *parse_yaml("metadata: {name: t}\nspec: " + spec);
    CHECK(is_invalid(decode_resource_tracker(json).status()));
  }
}

TEST_CASE("trackers are named as KubeVela names them") {
  CHECK(root_tracker_name(kWeb) == "web-prod");
  CHECK(versioned_tracker_name(kWeb, 3) == "web-v3-prod");
  CHECK(published_tracker_name(kWeb, "beta") == "web-beta-prod");
  // Application a-v1 in b, and version 1 of application a in b.
  CHECK(root_tracker_name({"b", "a-v1"}) == versioned_tracker_name({"b", "a"}, 1));
  CHECK(distinct_tracker_name("a-v1-b", {"b", "a-v1"}, "u1") !=
        distinct_tracker_name("a-v1-b", {"b", "a"}, "u1"));
  CHECK(distinct_tracker_name("a-v1-b", {"b", "a"}, "u1") !=
        distinct_tracker_name("a-v1-b", {"b", "a"}, "u2"));
}

TEST_CASE("a new tracker carries KubeVela's labels and finalizer") {
  const ResourceTracker tracker = new_tracker(TrackerType::Versioned, kWeb, "u1", "web-v2", 3);
  CHECK(tracker.metadata.label(labels::kAppRevision) == "web-v2");
  CHECK(tracker.metadata.has_finalizer(finalizers::kTracker));
  CHECK(tracker.application_generation == 3);
  CHECK(new_tracker(TrackerType::Root, kWeb, "u1", "web-v2", 3).application_generation == 0);
  CHECK(tracker_label_selector(kWeb) == "app.oam.dev/name=web,app.oam.dev/namespace=prod");
}

TEST_CASE("an entry replaces the one for the same object, whatever its version") {
  ResourceTracker tracker = new_tracker(TrackerType::Versioned, kWeb, "u1", "web-v1", 1);
  ManagedResource resource = managed_resource(testing::config_map("cm"), false);
  CHECK(tracker.upsert(resource));
  CHECK_FALSE(tracker.upsert(resource));
  resource.api_version = "v2";
  resource.skip_gc = true;
  CHECK(tracker.upsert(resource));
  CHECK(tracker.resources.size() == 1);
}

TEST_CASE("a tracker that no API server would store is refused before it is sent") {
  ResourceTracker tracker = new_tracker(TrackerType::Versioned, kWeb, "u1", "web-v1", 1);
  tracker.metadata.name = "web-v1-prod";
  ManagedResource resource = managed_resource(testing::config_map("cm"), false);
  resource.raw = Json::object({{"data", std::string(kMaxTrackerBytes, 'x')}});
  tracker.upsert(resource);
  const Result<Json> encoded = encode_resource_tracker(tracker);
  REQUIRE_FALSE(encoded.ok());
  CHECK(encoded.status().code() == 413);
  CHECK(encoded.status().message().find("web-v1-prod of prod/web") != std::string::npos);
}

}  // namespace
}  // namespace heirloom
