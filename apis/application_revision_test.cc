#include "apis/application_revision.h"

#include <doctest/doctest.h>

#include "apis/labels.h"
#include "apis/testing/builders.h"

namespace heirloom {
namespace {

using testing::application;
using testing::component;

TEST_CASE("a revision is a copy of the application without its status") {
  Application app = application("web").with(component("c")).labelled("team", "a");
  app.status.phase = "running";
  app.metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"] = "{}";
  const ApplicationRevision revision = new_revision(app, 2);
  CHECK(revision.metadata.name == "web-v2");
  CHECK(revision.metadata.label("team") == "a");
  CHECK(revision.metadata.label(labels::kAppRevisionHash) == revision_hash(app.spec));
  CHECK(revision.metadata.annotations.empty());
  CHECK(revision.metadata.owner_references.at(0)["uid"].string() == "uid-web");
  CHECK(revision.application["status"].size() == 0);
  CHECK(decode_application(revision.application)->spec == app.spec);
  CHECK(*decode_application_revision(encode_application_revision(revision)) == revision);
}

TEST_CASE("a revision's number is read from its name") {
  CHECK(revision_number("web-v12", "web") == 12);
  for (const std::string name :
       {"web", "web-v", "web-v0", "web-v01", "web-v-1", "web-v1x", "other-v1", "web-a-v1"}) {
    CAPTURE(name);
    CHECK_FALSE(revision_number(name, "web").has_value());
  }
}

TEST_CASE("specs that mean the same have the same hash") {
  const Application a = application("web").with(component("c"));
  Application b = a;
  b.spec.policies = {};
  b.spec.workflow = Workflow{};
  CHECK(revision_hash(a.spec) == revision_hash(b.spec));
  b.spec.components[0].properties = Json::object();
  Application none = a;
  none.spec.components[0].properties = Json();
  CHECK(revision_hash(b.spec) == revision_hash(none.spec));
  CHECK(revision_hash(a.spec) != revision_hash(b.spec));
}

}  // namespace
}  // namespace heirloom
