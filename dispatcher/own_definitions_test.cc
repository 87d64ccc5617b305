#include "dispatcher/own_definitions.h"

#include <doctest/doctest.h>

namespace heirloom::dispatcher {
namespace {

TEST_CASE("what was recorded under a definition is told from what was there before it") {
  const struct {
    const char* what;
    const char* noted;    // UID of the definition, as the record has it
    const char* written;  // when the record was
    bool stood;
  } rows[] = {
      {"noted, and the clock went on", "u1", "2026-01-02T00:00:00Z", true},
      {"noted, and the clock was set back", "u1", "2025-12-30T00:00:00Z", true},
      {"noted another one, before this one", "u0", "2025-12-30T00:00:00Z", false},
      {"noted another one, and the clock was set back", "u0", "2026-01-02T00:00:00Z", false},
      {"noted none, before this one", "", "2025-12-30T00:00:00Z", false},
      {"noted none, in the same second", "", "2026-01-01T00:00:00Z", true},
      {"noted none, after this one", "", "2026-01-02T00:00:00Z", true},
  };
  const Json definition =
      Json::object({{"metadata", Json::object({{"uid", "u1"}, {"creationTimestamp", "2026-01-01T00:00:00Z"}})}});
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Json record = Json::object({{"metadata", Json::object({{"creationTimestamp", row.written}})}});
    if (*row.noted != '\0')
      record = rewrite(record, {set_at({"metadata", "annotations", std::string(kDefinitionUidAnnotation)}, Json::string(row.noted))});
    CHECK(stood_since(definition, when_recorded(record)) == row.stood);
  }
}

}  // namespace
}  // namespace heirloom::dispatcher
