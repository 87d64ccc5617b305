#include "apis/sharer_key.h"

#include <doctest/doctest.h>

namespace heirloom {
namespace {

TEST_CASE("a key survives the ledger form") {
  const SharerKey kKeys[] = {application_key("default", "app1"),
                             application_key("", "app1"),
                             {"namespaceclaims.marketplace.kratix.io", "team-a", "c1"},
                             {"claimclasses.heirloom.dev", "", "namespaces"}};
  for (const SharerKey& key : kKeys) {
    CAPTURE(to_string(key));
    CHECK(parse_sharer_key(to_string(key)) == key);
  }
  CHECK(to_string(kKeys[1]) == "default/app1");
  CHECK(to_string(kKeys[2]) == "namespaceclaims.marketplace.kratix.io:team-a/c1");
}

TEST_CASE("an application's labels are its name and namespace") {
  CHECK(owner_labels(application_key("prod", "web")) == OwnerLabels{"web", "prod"});
  CHECK(key_of_owner_labels({"web", "prod"}) == application_key("prod", "web"));
}

TEST_CASE("a claim's labels cannot be an application's") {
  const SharerKey claim{"namespaceclaims.marketplace.kratix.io", "team-a", "c1"};
  CHECK(owner_labels(claim) == OwnerLabels{"namespaceclaims_c1", "team-a"});
  SharerKey longer = claim;
  longer.name = std::string(80, 'x');
  SharerKey other = longer;
  other.name.back() = 'y';
  CHECK(owner_labels(longer).name.size() == 63);
  CHECK(owner_labels(longer).name ==
        "namespaceclaims_" + std::string(38, 'x') + "_" + owner_labels(longer).name.substr(55));
  CHECK(owner_labels(longer) != owner_labels(other));
  SharerKey long_kind{std::string(70, 'k') + ".example.org", "n", "c"};
  CHECK(owner_labels(long_kind).name.find('_') != std::string::npos);
}

TEST_CASE("half a label names nobody, but a cluster-scoped claim has no namespace") {
  CHECK(names_nobody({"", ""}));
  CHECK(names_nobody({"", "default"}));
  CHECK(names_nobody({"app1", ""}));
  CHECK_FALSE(names_nobody({"app1", "default"}));
  CHECK_FALSE(names_nobody({"claimclasses_x", ""}));
}

TEST_CASE("a name that is no label value is refused with the reason") {
  CHECK(check_application_name(std::string(63, 'a')).ok());
  const Status refused = check_application_name(std::string(64, 'a'));
  CHECK(is_invalid(refused));
  CHECK(refused.details().causes.at(0).field == "metadata.name");
}

}  // namespace
}  // namespace heirloom
