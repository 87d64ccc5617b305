// Selector texts: what parses prints as a text that selects the same; quantities and patterns of the same
// bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "schema/names.h"
#include "schema/pattern.h"
#include "schema/quantity.h"
#include "schema/selector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heirloom;
  using namespace heirloom::schema;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Json labels = Json::object({{"app", "web"}, {"n", "7"}});
  if (const Result<LabelSelector> selector = LabelSelector::parse(text); selector.ok()) {
    const Result<LabelSelector> again = LabelSelector::parse(selector->to_string());
    HEIRLOOM_ASSERT(again.ok() && *again == *selector);
    HEIRLOOM_ASSERT(again->matches(labels) == selector->matches(labels));
  }
  if (const Result<FieldSelector> selector = FieldSelector::parse(text); selector.ok()) {
    const Result<FieldSelector> again = FieldSelector::parse(selector->to_string());
    HEIRLOOM_ASSERT(again.ok() && *again == *selector);
  }
  if (const auto quantity = Quantity::parse(text))
    HEIRLOOM_ASSERT(*quantity == *quantity && !(*quantity < *quantity));
  if (size < 64)
    if (const auto pattern = Pattern::compile(text); pattern.ok()) (*pattern)->matches("some text 123");
  (void)check_qualified_name(text);
  (void)check_dns1123_subdomain(text);
  (void)go_quote(text);
  return 0;
}
