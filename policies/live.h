// Whose is it: the ownership of an object as it stands on the server. The only reader of labels, ledger and
// record.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "policies/ledger.h"
#include "policies/record.h"

namespace heirloom::policies {

struct LiveObject {
  std::string uid;
  std::string resource_version;  // the guard of every write decided on this
  bool terminating = false;
  std::vector<std::string> finalizers;
  ObjectKey key;

  // What counts. On a copy: nobody, empty, none.
  std::optional<SharerKey> owner;  // from the labels
  Ledger ledger;  // as found, without malformed and repeated entries; not necessarily owner first
  std::optional<Record> record;

  bool copy = false;                      // its record names another object: labels and ledger mean nothing
  std::optional<SharerKey> copied_owner;  // what the labels of a copy say, for messages
  bool canonical = true;  // false: labels, ledger or record read leniently; the text must be rewritten even
                          // when what it means stays

  std::string mark_of(const SharerKey& sharer) const;  // in the record; "" = none
  bool has_mark(const SharerKey& me, std::string_view mark) const;  // the record holds exactly this mark
  bool lists(const SharerKey& me) const;                            // owner, in the ledger, or in the record
  bool operator==(const LiveObject&) const = default;
};

// `key` is what was read (its namespace, kind and group as the server knows them). A claim's full key is
// looked for in record and ledger; one that is found nowhere gets key_of_owner_labels.
LiveObject read_live(JsonView object, const ObjectKey& key);

// Everyone who shares the object, in join order: the ledger, and who stands in the record only (somebody edited the
// ledger) at the place the record gives it. Empty when the object is not shared: no ledger, and nobody or only one in the
// record.
Ledger joined(const LiveObject& live);

// What somebody took off by hand, put back in thought from the same object (by UID) as it was seen `last`: the record
// when it is missing, and, when owner labels and ledger are gone as well, those, too. Never on a copy.
LiveObject restored(LiveObject live, const LiveObject& last);

// Everyone whose liveness decide() and leave() want to know: owner, ledger, record; without `me`, without
// duplicates. Read the facts AFTER the object (protocol: every fact a write relies on is read after the
// object it guards).
std::vector<SharerKey> keys_to_check(const LiveObject& live, const SharerKey& me);

}  // namespace heirloom::policies
