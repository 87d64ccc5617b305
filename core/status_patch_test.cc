#include "core/status_patch.h"

#include <doctest/doctest.h>

#include "schema/merge_patch.h"

namespace heirloom::core {
namespace {

Json parsed(std::string_view text) { return Json::parse(text).value(); }

}  // namespace

TEST_CASE("a status is never one half of what was found and one half of what the server had") {
  constexpr std::string_view kWhole[] = {"status", "observedGeneration", "conditions", "conflicts"};
  // Of a pass whose answer was lost: the next one starts from what was there before.
  const Json on_server = parsed(R"({"status": "running", "observedGeneration": 1, "conditions": [{"type": "Ready"}],
                                    "conflicts": ["c"], "appliedResources": ["a"]})");
  const Json seen = parsed(R"({"status": "rendering", "observedGeneration": 1, "appliedResources": ["a"]})");
  const Json wanted = parsed(R"({"status": "rendering", "observedGeneration": 2, "conditions": [], "appliedResources": ["a"]})");
  const Json patch = status_patch("u", seen, wanted, kWhole);
  CHECK(patch == parsed(R"({"metadata": {"uid": "u"}, "status": {"status": "rendering", "observedGeneration": 2,
                            "conditions": [], "conflicts": null}})"));
  CHECK(schema::merge_patch(on_server, patch["status"]) == wanted);
}

TEST_CASE("the first status of an object is written whole") {
  constexpr std::string_view kWhole[] = {"phase", "message"};
  const Json wanted = parsed(R"({"phase": "Bound", "claimCount": 1})");
  const Json patch = status_patch("u", JsonView(), wanted, kWhole);
  CHECK(patch["status"] == wanted.view());
}

}  // namespace heirloom::core
