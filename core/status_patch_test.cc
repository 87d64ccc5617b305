#include "core/status_patch.h"

#include <doctest/doctest.h>

#include "schema/merge_patch.h"

namespace heirloom::core {
namespace {

Json parsed(std::string_view text) { return Json::parse(text).value(); }

}  // namespace

TEST_CASE("a status is never one half of what was found and one half of what the server had") {
  // Of a pass that succeeded, whose answer was lost: the next one starts from what was there before.
  const Json on_server = parsed(R"({"status": "running", "observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]})");
  const Json seen = parsed(R"({"status": "rendering", "observedGeneration": 1, "conditions": [], "conflicts": ["c"], "appliedResources": ["a"]})");
  const Json wanted = parsed(R"({"status": "rendering", "observedGeneration": 2, "conditions": [], "appliedResources": ["a"]})");
  const Json patch = status_patch("u", seen, wanted);
  CHECK(patch == parsed(R"({"metadata": {"uid": "u"}, "status": {"conflicts": null, "status": "rendering",
                            "observedGeneration": 2, "conditions": []}})"));
  const Json now = schema::merge_patch(on_server, patch["status"]);
  CHECK(now["status"].string() == "rendering");
  CHECK(now["conditions"].empty());
}

TEST_CASE("the first status of an object is written whole") {
  const Json wanted = parsed(R"({"phase": "Bound", "claimCount": 1})");
  const Json patch = status_patch("u", JsonView(), wanted);
  CHECK(patch["status"] == wanted.view());
}

}  // namespace heirloom::core
