#include "policies/revision_limit.h"

#include <doctest/doctest.h>

namespace heirloom::policies {
namespace {

TEST_CASE("old revisions go, lowest numbers first, and never the latest") {
  struct Case {
    std::vector<std::string> names;
    std::string latest;
    int limit;
    std::vector<std::string> going;
    std::string because;
  };
  const Case kCases[] = {
      {{}, "web-v1", 0, {}, "none there"},
      {{"web-v1"}, "web-v1", 0, {}, "the latest stays"},
      {{"web-v10", "web-v9", "web-v11"}, "web-v11", 0, {"web-v9", "web-v10"}, "numbers, not text"},
      {{"web-v1", "web-v2", "web-v3"}, "web-v3", 2, {}, "limit old ones stay besides the latest"},
      {{"web-v1", "web-v2", "web-v3", "web-v4"}, "web-v4", 2, {"web-v1"}, "one too many"},
      {{"web-v1", "web-v2", "web-v3", "web-v4"}, "web-v2", 2, {"web-v1"}, "the latest may be an older name"},
      {{"web-v1", "web-a-v1", "mine"}, "web-v2", 0, {"web-v1"}, "other names are other people's"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.because);
    GarbageCollectPolicy policy;
    policy.application_revision_limit = c.limit;
    CHECK(revisions_to_delete("web", c.names, c.latest, policy) == c.going);
  }
}

TEST_CASE("without a limit ten old ones stay") {
  std::vector<std::string> names;
  for (int i = 1; i <= 13; ++i) names.push_back("web-v" + std::to_string(i));
  CHECK(revisions_to_delete("web", names, "web-v13", {}) == std::vector<std::string>{"web-v1", "web-v2"});
}

}  // namespace
}  // namespace heirloom::policies
