#include "policies/ownership.h"

#include <doctest/doctest.h>

#include "policies/testing/live_objects.h"

namespace heirloom::policies {
namespace {

using testing::key;
using testing::live;

Ownership shared_by_two() {
  Ownership o;
  o.owner = key("n/a");
  o.ledger = parse_ledger("n/a,n/b");
  o.sharers = {{key("n/a"), "u.1"}, {key("n/b"), "v.1"}};
  return o;
}

TEST_CASE("ownership is one guarded merge patch of metadata") {
  const Json patch =
      ownership_patch(ownership_edit(shared_by_two(), testing::namespace_key(), std::nullopt), "42");
  CHECK(write_json(patch) == R"({"metadata":{"resourceVersion":"42","labels":{"app.oam.dev/name":"a",)"
                             R"("app.oam.dev/namespace":"n"},)"
                             R"("annotations":{"app.oam.dev/shared-by":"n/a,n/b","heirloom.dev/record":)"
                             R"("{\"object\":[\"\",\"Namespace\",\"\",\"example\"],\"sharers\":{)"
                             R"(\"n/a\":\"u.1\",\"n/b\":\"v.1\"}}"}}})");
}

TEST_CASE("a release removes owner labels, ledger, record and what we remember of content, and nothing else") {
  const Json patch = ownership_patch(ownership_edit({}, testing::namespace_key(), std::nullopt), "42");
  CHECK(write_json(patch) == R"({"metadata":{"resourceVersion":"42","labels":{"app.oam.dev/name":null,)"
                             R"("app.oam.dev/namespace":null},)"
                             R"("annotations":{"app.oam.dev/last-applied-configuration":null,)"
                             R"("app.oam.dev/last-applied-time":null,"app.oam.dev/shared-by":null,)"
                             R"("heirloom.dev/claim-parameters":null,"heirloom.dev/record":null}}})");
}

TEST_CASE("what is written reads back as the same ownership") {
  const Ownership wanted = shared_by_two();
  const MetadataEdit edit = ownership_edit(wanted, testing::namespace_key(), Json::object({{"x", 1}}));
  const Json object = ownership_patch(edit, "42");
  const LiveObject read = read_live(object, testing::namespace_key());
  CHECK(ownership_of(read) == wanted);
  CHECK_FALSE(differs(read, wanted));
  CHECK(*read.record->fields == Json::object({{"x", 1}}));
}

TEST_CASE("metadata is rewritten when it means or looks different, or when a shared object has no record") {
  const std::vector<std::pair<std::string, std::string>> marks{{"n/a", "u.1"}, {"n/b", "v.1"}};
  const Ownership wanted = shared_by_two();
  CHECK_FALSE(differs(live("n/a", "n/a,n/b", marks), wanted));
  CHECK(differs(live("n/b", "n/a,n/b", marks), wanted));
  CHECK(differs(live("n/a", "n/b,n/a", marks), wanted));
  CHECK(differs(live("n/a", "n/a,n/b"), wanted));
  LiveObject odd = live("n/a", "n/a,n/b", marks);
  odd.canonical = false;
  CHECK(differs(odd, wanted));
  Ownership unshared;
  unshared.owner = key("n/a");
  unshared.sharers = {{key("n/a"), "u.1"}};
  CHECK_FALSE(differs(live("n/a", ""), unshared));
}

}  // namespace
}  // namespace heirloom::policies
