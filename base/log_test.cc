#include "base/log.h"

#include <vector>

#include <doctest/doctest.h>

#include "base/clock.h"
#include "base/json.h"

namespace heirloom {
namespace {

struct LogFixture {
  std::vector<std::string> lines;
  void configure(log::Level level) {
    log::configure(level, [this](std::string_view line) { lines.emplace_back(line); });
  }
  ~LogFixture() { log::configure(log::Level::Off); }
};

TEST_CASE("a log line is one JSON object whatever is in it") {
  LogFixture f;
  f.configure(log::Level::Info);
  log::info("applied \"web\"\n{} %v", {{"object", "Namespace\x01"}, {"bad\xFF", "\xFF"}, {"count", 3}});
  log::debug("not this one");
  log::warning("careful");
  log::error("no");
  REQUIRE(f.lines.size() == 3);
  const Result<Json> line = Json::parse(f.lines[0]);
  REQUIRE(line.ok());
  const JsonView v = *line;
  CHECK(v["level"].string() == "info");
  CHECK(v["msg"].string() == "applied \"web\"\n{} %v");
  CHECK(v["object"].string() == "Namespace\x01");
  CHECK(v["count"].string() == "3");
  CHECK(parse_time(v["ts"].string()).ok());
  CHECK(f.lines[0].starts_with("{\"ts\":\""));
  CHECK((*Json::parse(f.lines[1]))["level"].string() == "warning");
  CHECK((*Json::parse(f.lines[2]))["level"].string() == "error");
}

TEST_CASE("nothing is written when logs are off") {
  LogFixture f;
  f.configure(log::Level::Off);
  log::error("no");
  CHECK(f.lines.empty());
}

}  // namespace
}  // namespace heirloom
