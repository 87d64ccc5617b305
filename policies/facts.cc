#include "policies/facts.h"

namespace heirloom::policies {

std::string_view to_string(Liveness liveness) {
  switch (liveness) {
    case Liveness::Live:
      return "Live";
    case Liveness::Leaving:
      return "Leaving";
    case Liveness::Dead:
      return "Dead";
    case Liveness::Unknown:
      return "Unknown";
  }
  return "Unknown";
}

std::string_view to_string(NamespaceState state) {
  switch (state) {
    case NamespaceState::NotNeeded:
      return "NotNeeded";
    case NamespaceState::Active:
      return "Active";
    case NamespaceState::Planned:
      return "Planned";
    case NamespaceState::Missing:
      return "Missing";
    case NamespaceState::Terminating:
      return "Terminating";
  }
  return "NotNeeded";
}

Liveness Facts::of(const SharerKey& key) const {
  const auto it = liveness.find(key);
  return it == liveness.end() ? Liveness::Unknown : it->second;
}

}  // namespace heirloom::policies
