// SharerKey: who shares an object. An Application, or a claim of some other kind. One codec for the ledger,
// one for the owner labels; nothing else turns a key into text or back.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace heirloom {

struct SharerKey {
  std::string
      kind;  // "" = Application; otherwise "<plural>.<group>", e.g. namespaceclaims.marketplace.kratix.io
  std::string ns;  // "" only for cluster-scoped kinds (a ClaimClass)
  std::string name;
  bool is_application() const { return kind.empty(); }
  auto operator<=>(const SharerKey&) const = default;
};

// Of an Application; namespace "" counts as "default", as in KubeVela.
SharerKey application_key(std::string_view ns, std::string_view name);

// The ledger form: "namespace/name"; other kinds "<plural>.<group>:namespace/name"; cluster-scoped ones have
// nothing before the slash. Also the form for messages.
std::string to_string(const SharerKey& key);

// Reads the ledger form. An entry without a slash is an application in "default" (as KubeVela reads it on
// handover); surrounding spaces are ignored. nullopt: nobody can have that name (empty parts, characters or
// lengths that Kubernetes names do not allow, two slashes).
std::optional<SharerKey> parse_sharer_key(std::string_view text);

// The values of the labels app.oam.dev/name and app.oam.dev/namespace.
struct OwnerLabels {
  std::string name;
  std::string ns;
  bool operator==(const OwnerLabels&) const = default;
};

// For a claim the name is "<plural>_<name>": an underscore cannot occur in an Application's name. Above 63
// bytes it is cut and ends in "_" and 8 hex digits of the hash of the ledger form, so that it stays distinct.
OwnerLabels owner_labels(const SharerKey& key);

// Labels that name nobody: name empty, or namespace empty unless the name is a claim's. KubeVela: no owner.
bool names_nobody(const OwnerLabels& labels);

// The key that labels stand for when nothing else is known: an Application; or, for a claim, a key whose kind
// is the plural alone (no group), because the labels do not hold it. Prefer policies/live.h, which finds the
// full key in the record and the ledger. Precondition: !names_nobody(labels).
SharerKey key_of_owner_labels(const OwnerLabels& labels);

// Names over 63 bytes cannot be label values. Error: Invalid, naming metadata.name and what to do.
Status check_application_name(std::string_view name);

}  // namespace heirloom
