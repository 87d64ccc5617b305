#include "dispatcher/own_writes.h"

#include <doctest/doctest.h>

namespace heirloom::dispatcher {
namespace {

const NamespacedName kKey{"default", "app"};
Json at(const char* version) {
  const Json metadata = Json::object({{"resourceVersion", version}});
  return Json::object({{"metadata", metadata}});
}

}  // namespace

TEST_CASE("an answer stands until its echo, and older events are stale") {
  OwnWrites writes;
  writes.wrote(kKey, at("5"), "3", "3");
  REQUIRE(writes.find(kKey) != nullptr);
  CHECK(writes.classify(kKey, "4", false) == OwnWrites::Event::Stale);
  CHECK(writes.classify(kKey, "5", false) == OwnWrites::Event::Echo);
  CHECK(writes.find(kKey) == nullptr);
  CHECK(writes.classify(kKey, "6", false) == OwnWrites::Event::News);
}

TEST_CASE("an answer that may be old news, or changed nothing, is not kept") {
  OwnWrites writes;
  writes.wrote(kKey, at("5"), "3", "4");
  CHECK(writes.find(kKey) == nullptr);
  writes.wrote(kKey, at("4"), "4", "4");
  CHECK(writes.find(kKey) == nullptr);
}

TEST_CASE("a deletion is news, and an echo that never comes is given up") {
  OwnWrites writes;
  writes.wrote(kKey, at("5"), "3", "3");
  CHECK(writes.classify(kKey, "", true) == OwnWrites::Event::News);
  CHECK(writes.find(kKey) == nullptr);
  writes.wrote(kKey, at("9"), "3", "3");
  OwnWrites::Event last = OwnWrites::Event::Stale;
  for (int i = 10; i < 40 && last == OwnWrites::Event::Stale; ++i) last = writes.classify(kKey, std::to_string(i), false);
  CHECK(last == OwnWrites::Event::News);
}

}  // namespace heirloom::dispatcher
