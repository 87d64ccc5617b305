#include "dispatcher/waiting_line.h"

#include <doctest/doctest.h>

namespace heirloom::dispatcher {
namespace {

const ObjectKey kObject{"local", "", "Namespace", "", "example"};

WaitingSharer sharer(const std::string& name, const std::string& user = "") {
  WaitingSharer waiting;
  waiting.key = application_key("default", name);
  waiting.identity.user = user;
  return waiting;
}

std::vector<std::string> names(const WaitingLine& line, const std::string& user = "") {
  kube::Impersonation identity;
  identity.user = user;
  std::vector<std::string> all;
  for (const WaitingSharer& waiting : line.at(kObject, identity)) all.push_back(waiting.key.name);
  return all;
}

TEST_CASE("who waits is known in the order of arrival, until its turn comes or it gives up") {
  using Names = std::vector<std::string>;
  WaitingLine line;
  const auto b = line.join(kObject, sharer("b"));
  {
    const auto a = line.join(kObject, sharer("a"));
    const auto c = line.join(kObject, sharer("c"));
    CHECK(names(line) == Names{"b", "a", "c"});
    a->step_out();
    a->step_out();
    CHECK(names(line) == Names{"b", "c"});
  }
  CHECK(names(line) == Names{"b"});
  b->step_out();
  CHECK(line.size() == 0);
}

TEST_CASE("nobody is done a favour with rights that are not its own") {
  WaitingLine line;
  const auto a = line.join(kObject, sharer("a"));
  const auto b = line.join(kObject, sharer("b", "system:serviceaccount:default:b"));
  CHECK(names(line) == std::vector<std::string>{"a"});
  CHECK(names(line, "system:serviceaccount:default:b") == std::vector<std::string>{"b"});
}

}  // namespace
}  // namespace heirloom::dispatcher
