// Any annotation is read; what was read is written canonically, and reads back the same.
#include <cstdint>

#include "base/assert.h"
#include "policies/ledger.h"

using namespace heirloom;
using namespace heirloom::policies;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Ledger ledger = parse_ledger({reinterpret_cast<const char*>(data), size});
  const std::string text = format_ledger(ledger);
  HEIRLOOM_ASSERT(parse_ledger(text) == ledger);
  HEIRLOOM_ASSERT(text.size() <= size + 8 * ledger.size());  // "default/" is all that is ever added
  for (const SharerKey& key : ledger) {
    HEIRLOOM_ASSERT(parse_sharer_key(to_string(key)) == key);
    const OwnerLabels labels = owner_labels(key);
    HEIRLOOM_ASSERT(!names_nobody(labels));
    HEIRLOOM_ASSERT(key.is_application() || labels.name.size() <= 63);
    HEIRLOOM_ASSERT(with_owner_first(ledger, key).front() == key);
  }
  return 0;
}
