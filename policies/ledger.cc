#include "policies/ledger.h"

#include <algorithm>
#include <set>

namespace heirloom::policies {

Ledger parse_ledger(std::string_view annotation) {
  Ledger ledger;
  std::set<SharerKey> seen;  // an annotation can hold tens of thousands of entries: no quadratic search
  while (!annotation.empty()) {
    const auto comma = annotation.find(',');
    const std::string_view entry = annotation.substr(0, comma);
    annotation.remove_prefix(comma == std::string_view::npos ? annotation.size() : comma + 1);
    std::optional<SharerKey> key = parse_sharer_key(entry);
    if (key && seen.insert(*key).second) ledger.push_back(std::move(*key));
  }
  return ledger;
}

std::string format_ledger(const Ledger& ledger) {
  std::string text;
  for (const SharerKey& key : ledger) {
    if (!text.empty()) text += ',';
    text += to_string(key);
  }
  return text;
}

bool contains(const Ledger& ledger, const SharerKey& key) {
  return std::find(ledger.begin(), ledger.end(), key) != ledger.end();
}

Ledger with_owner_first(const Ledger& ledger, const SharerKey& owner) {
  if (ledger.empty()) return {};
  Ledger result{owner};
  for (const SharerKey& key : ledger)
    if (key != owner) result.push_back(key);
  return result;
}

bool fits(const Ledger& ledger) {
  return ledger.size() <= kMaxSharers && format_ledger(ledger).size() <= kMaxLedgerBytes;
}

}  // namespace heirloom::policies
