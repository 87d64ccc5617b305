#include "server/request.h"

#include <algorithm>

namespace heirloom::server {
namespace {
constexpr std::string_view kAdminGroup = "system:masters";
}

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::Get:
      return "get";
    case Verb::List:
      return "list";
    case Verb::Watch:
      return "watch";
    case Verb::Create:
      return "create";
    case Verb::Update:
      return "update";
    case Verb::Patch:
      return "patch";
    case Verb::Delete:
      return "delete";
    case Verb::DeleteCollection:
      return "deletecollection";
  }
  return "";
}

bool Identity::admin() const { return std::find(groups.begin(), groups.end(), kAdminGroup) != groups.end(); }

bool Identity::authenticated() const {
  return std::find(groups.begin(), groups.end(), "system:authenticated") != groups.end();
}

Identity anonymous_identity() {
  Identity identity;
  identity.user = "system:anonymous";
  identity.groups = {"system:unauthenticated"};
  return identity;
}

std::vector<std::string> impersonated_groups(std::string_view user, std::vector<std::string> asked) {
  constexpr std::string_view kServiceAccount = "system:serviceaccount:";
  auto groups = std::move(asked);
  if (user.starts_with(kServiceAccount) && groups.empty()) {
    const auto rest = user.substr(kServiceAccount.size());
    groups.emplace_back("system:serviceaccounts");
    groups.push_back("system:serviceaccounts:" + std::string(rest.substr(0, rest.find(':'))));
  }
  const std::string_view all = user == "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
  if (std::find(groups.begin(), groups.end(), all) == groups.end()) groups.emplace_back(all);
  return groups;
}

Identity admin_identity() {
  Identity identity;
  identity.user = "kubernetes-admin";
  identity.groups = {std::string(kAdminGroup), "system:authenticated"};
  return identity;
}

}  // namespace heirloom::server
