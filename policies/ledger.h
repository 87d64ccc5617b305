// The ledger: annotation app.oam.dev/shared-by, the sharers of an object in join order, owner first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "apis/sharer_key.h"

namespace heirloom::policies {

using Ledger = std::vector<SharerKey>;  // without duplicates

// The most an object can have: a POST or patch above would be refused by the API server (256 KiB of
// annotations).
inline constexpr std::size_t kMaxSharers = 1000;
inline constexpr std::size_t kMaxLedgerBytes = 128 * 1024;

// Lenient: spaces, empty, malformed and repeated entries (the first counts) are dropped. Reads all entries of
// any annotation an API server can hold.
Ledger parse_ledger(std::string_view annotation);
// Canonical: comma-separated, no spaces. "" for an empty ledger: the annotation is then removed, not written.
std::string format_ledger(const Ledger& ledger);

bool contains(const Ledger& ledger, const SharerKey& key);
// The ledger with the owner first, the others in their order; an empty ledger stays empty.
Ledger with_owner_first(const Ledger& ledger, const SharerKey& owner);
// Within both bounds above.
bool fits(const Ledger& ledger);

}  // namespace heirloom::policies
