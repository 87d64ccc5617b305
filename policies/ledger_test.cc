#include "policies/ledger.h"

#include <doctest/doctest.h>

namespace heirloom::policies {
namespace {

TEST_CASE("the ledger is read leniently and written canonically") {
  struct Case {
    std::string text;
    std::string canonical;
    std::string because;
  };
  const Case kCases[] = {
      {"", "", "no annotation, no sharers"},
      {"default/app1", "default/app1", "one sharer"},
      {"n/a,n/b,n/c", "n/a,n/b,n/c", "join order stays"},
      {" n/a , n/b\t,\nn/c ", "n/a,n/b,n/c", "people put spaces after commas"},
      {",n/a,,n/b,", "n/a,n/b", "KubeVela leaves empty items behind"},
      {"n/a,n/b,n/a", "n/a,n/b", "the first of a repeated entry counts"},
      {"n/a/b,n/c", "n/c", "nobody has two slashes in a key"},
      {"N/A,n/b_c,n/-x,n/b", "n/b", "characters that no Kubernetes name has"},
      {"app1", "default/app1", "KubeVela hands over an entry without a slash to default"},
      {"/app1,n/", "", "an application has a namespace and a name"},
      {"things.example.org:n/c1,n/a", "things.example.org:n/c1,n/a", "a claim shares like anyone"},
      {"classes.example.org:/c1", "classes.example.org:/c1", "a cluster-scoped kind has no namespace"},
      {"things:n/c1,:n/c1,things.example.org:c1", "", "a kind is plural and group; a claim has a slash"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.because);
    const Ledger ledger = parse_ledger(c.text);
    CHECK(format_ledger(ledger) == c.canonical);
    CHECK(parse_ledger(format_ledger(ledger)) == ledger);
  }
}

TEST_CASE("the owner goes first, the others keep their order, and an empty ledger stays empty") {
  const Ledger ledger = parse_ledger("n/a,n/b,n/c");
  CHECK(format_ledger(with_owner_first(ledger, application_key("n", "c"))) == "n/c,n/a,n/b");
  CHECK(format_ledger(with_owner_first(ledger, application_key("n", "x"))) == "n/x,n/a,n/b,n/c");
  CHECK(with_owner_first({}, application_key("n", "x")).empty());
}

TEST_CASE("a ledger fits up to a thousand sharers and 128 KiB") {
  Ledger ledger;
  for (std::size_t i = 0; i < kMaxSharers; ++i)
    ledger.push_back(application_key("n", "app" + std::to_string(i)));
  CHECK(fits(ledger));
  ledger.push_back(application_key("n", "one-too-many"));
  CHECK_FALSE(fits(ledger));
  Ledger long_names;
  for (int i = 0; i < 600; ++i)
    long_names.push_back(application_key("n", std::string(240, 'x') + std::to_string(i)));
  CHECK_FALSE(fits(long_names));
}

TEST_CASE("a ledger of many entries is read in reasonable time") {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "n/app" + std::to_string(i % 15000) + ",";
  CHECK(parse_ledger(text).size() == 15000);
}

}  // namespace
}  // namespace heirloom::policies
