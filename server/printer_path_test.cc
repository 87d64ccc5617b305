#include "server/printer_path.h"

#include <doctest/doctest.h>

namespace heirloom::server {

TEST_CASE("printer columns find what their paths name") {
  const auto object = Json::parse(R"({
    "metadata": {"name": "x", "labels": {"a.b/c": "dotted", "plain": "p"}},
    "spec": {"replicas": 3, "items": [{"name": "one", "ready": false}, {"name": "two", "ready": true, "n": 7}]},
    "status": {"conditions": [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]}})");
  REQUIRE(object.ok());
  struct Row {
    const char* path;
    const char* found;  // "" = nothing
    const char* because;
  };
  const Row rows[] = {
      {".spec.replicas", "3", "a plain path"},
      {"{.spec.replicas}", "3", "braces are kubectl's"},
      {"spec.replicas", "3", "the first dot may be missing"},
      {".spec.items[0].name", "\"one\"", "an index"},
      {".spec.items[-1].name", "\"two\"", "an index from the end"},
      {".spec.items[9].name", "", "an index too far"},
      {".spec.items[*].n", "7", "the first element that has it"},
      {R"(.metadata.labels.a\.b/c)", "\"dotted\"", "an escaped dot"},
      {".metadata.labels['a.b/c']", "\"dotted\"", "a quoted key"},
      {R"(.status.conditions[?(@.type=="Ready")].status)", "\"True\"", "a filter"},
      {R"(.status.conditions[?(@.type == 'Ready')].status)", "\"True\"",
       "a filter with spaces and single quotes"},
      {R"(.status.conditions[?(@.type!="Ready")].status)", "\"False\"", "its opposite"},
      {".spec.items[?(@.ready==true)].name", "\"two\"", "a boolean literal"},
      {".spec.items[?(@.n==7)].name", "\"two\"", "a number literal"},
      {".spec.items[?(@.n)].name", "\"two\"", "existence"},
      {R"(.status.conditions[?(@.type=="Gone")].status)", "", "a filter that nothing passes"},
      {".spec.missing.deeper", "", "a member that is not there"},
      {".spec.items[", "", "no end"},
      {".spec.items[?(@.n==7", "", "no end of a filter"},
      {"", R"({"metadata")", "the whole object"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const JsonView found = first_at_printer_path(*object, row.path);
    const std::string text = found.exists() ? write_json(found) : "";
    CHECK(text.substr(0, std::string_view(row.path).empty() ? 11 : text.size()) == row.found);
  }
}

}  // namespace heirloom::server
