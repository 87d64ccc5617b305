// What the checker takes for right and wrong: commits by hand, no cluster.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "e2e/simulation/checker.h"

namespace heirloom::simulation {
namespace {

// A claim of `box` at a generation, its class at a version, and a box as the class' controller would write it.
Json claim_of_box(const std::string& box, int generation) {
  return Json::parse(fmt::format(
                         R"({{"metadata": {{"name": "claim1", "uid": "u", "generation": {}}}, "spec": {{"box": "{}"}}}})",
                         generation, box))
      .value();
}

Json class_of_boxes(int version) {
  return Json::parse(fmt::format(R"({{"metadata": {{"name": "boxes", "uid": "c"}}, "spec": {{"object":
      {{"metadata": {{"labels": {{"class": "v{}"}}}}, "data": {{"from": "boxes"}}}}}}}})",
                                 version))
      .value();
}

Json box(int version, const std::string& from) {
  return Json::parse(fmt::format(R"({{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {{"name": "a", "labels":
      {{"class": "v{}", "app.oam.dev/name": "boxclaims_claim1", "app.oam.dev/namespace": "default"}}}},
      "data": {{"from": "{}"}}}})",
                                 version, from))
      .value();
}

TEST_CASE("the checker: an edit of the class may be seen before an earlier one of the claim, and nothing else") {
  struct Case {
    int version;
    std::string from;
    std::size_t violations;
  };
  for (const Case& c : {Case{1, "boxes", 0}, Case{2, "boxes", 0}, Case{3, "boxes", 1}, Case{2, "elsewhere", 1}}) {
    CAPTURE(c.version);
    CAPTURE(c.from);
    Checker checker;
    std::int64_t revision = 0;
    std::map<std::string, Json> store;
    const auto commit = [&](const std::string& key, Json after, const std::string& by) {
      Json before = std::exchange(store[key], after);
      checker.see({++revision, key, std::move(before), std::move(after), by});
    };
    const std::string kClaim = "/sim.example.com/boxclaims/default/claim1";
    const std::string kClass = "/heirloom.dev/claimclasses/boxes";
    const std::string kBox = "/core/configmaps/default/a";
    commit(kClass, class_of_boxes(1), "user");
    commit(kClaim, claim_of_box("a", 1), "user");
    commit(kBox, box(1, "boxes"), "controller");
    commit(kClaim, claim_of_box("b", 2), "user");
    commit(kClass, class_of_boxes(2), "user");
    commit(kBox, box(c.version, c.from), "controller");
    CHECK(checker.violations().size() == c.violations);
  }
}

}  // namespace
}  // namespace heirloom::simulation
