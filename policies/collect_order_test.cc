#include "policies/collect_order.h"

#include <doctest/doctest.h>

#include "apis/testing/builders.h"

namespace heirloom::policies {
namespace {

using Layers = std::vector<std::vector<std::size_t>>;

ApplicationSpec chain(std::vector<std::pair<std::string, std::vector<std::string>>> components) {
  ApplicationSpec spec;
  for (auto& [name, depends_on] : components) {
    spec.components.push_back(heirloom::testing::component(name));
    spec.components.back().depends_on = depends_on;
  }
  return spec;
}

TEST_CASE("dependents go first, layer by layer") {
  struct Case {
    ApplicationSpec spec;
    std::vector<std::string> objects;
    Layers layers;
    std::string because;
  };
  const Case kCases[] = {
      {chain({}), {}, {}, "nothing to collect"},
      {chain({{"a", {}}, {"b", {}}}), {"a", "b", "a"}, {{0, 1, 2}}, "no dependencies, one layer"},
      {chain({{"web", {"db"}}, {"db", {}}}),
       {"db", "web", "db"},
       {{1}, {0, 2}},
       "the database outlives the web"},
      {chain({{"c", {"b"}}, {"b", {"a"}}, {"a", {}}}), {"a", "b", "c"}, {{2}, {1}, {0}}, "a chain"},
      {chain({{"web", {"db"}}, {"db", {}}}), {"db"}, {{0}}, "a dependent without objects holds nothing"},
      {chain({{"web", {"db"}}}),
       {"old", "web", "db"},
       {{0, 1}, {2}},
       "what the spec does not know goes first"},
      {chain({{"a", {"b"}}, {"b", {"a"}}, {"c", {}}}),
       {"a", "b", "c"},
       {{2}, {0, 1}},
       "a circle goes together"},
      {chain({{"a", {"a"}}}), {"a"}, {{0}}, "nobody waits for itself"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.because);
    CHECK(collect_layers(c.spec, c.objects) == c.layers);
  }
}

}  // namespace
}  // namespace heirloom::policies
