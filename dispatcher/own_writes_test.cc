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
  CHECK(writes.classify(kKey, "4", false, false) == OwnWrites::Event::Stale);
  CHECK(writes.classify(kKey, "5", false, false) == OwnWrites::Event::Echo);
  CHECK(writes.find(kKey) == nullptr);
  CHECK(writes.classify(kKey, "6", false, false) == OwnWrites::Event::News);
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
  CHECK(writes.classify(kKey, "", true, false) == OwnWrites::Event::News);
  CHECK(writes.find(kKey) == nullptr);
  writes.wrote(kKey, at("9"), "3", "3");
  OwnWrites::Event last = OwnWrites::Event::Stale;
  for (int i = 10; i < 40 && last == OwnWrites::Event::Stale; ++i) last = writes.classify(kKey, std::to_string(i), false, false);
  CHECK(last == OwnWrites::Event::News);
}

TEST_CASE("a cache that is as new as the latest answer is believed, though the echo of an earlier write never came") {
  for (const char* before : {"7", "8"}) {
    CAPTURE(before);
    OwnWrites writes;
    writes.wrote(kKey, at("5"), "3", "3");
    CHECK(writes.classify(kKey, "8", false, false) == OwnWrites::Event::Stale);
    writes.wrote(kKey, at("8"), before, "8");
    CHECK(writes.find(kKey) == nullptr);
    CHECK(writes.classify(kKey, "9", false, false) == OwnWrites::Event::News);
  }
}

// The watch broke, and the list that follows shows a state after our write: its echo was skipped.
TEST_CASE("what a list shows is news unless it is the echo itself") {
  OwnWrites writes;
  writes.wrote(kKey, at("5"), "3", "3");
  CHECK(writes.classify(kKey, "7", false, true) == OwnWrites::Event::News);
  CHECK(writes.find(kKey) == nullptr);
  writes.wrote(kKey, at("9"), "7", "7");
  CHECK(writes.classify(kKey, "9", false, true) == OwnWrites::Event::Echo);
}

}  // namespace heirloom::dispatcher
