#include "apis/labels.h"

namespace heirloom {

bool is_reserved_label(std::string_view key) {
  return key == labels::kName || key == labels::kNamespace || key.starts_with(kOwnPrefix);
}

bool is_reserved_annotation(std::string_view key) {
  return key == annotations::kSharedBy || key == annotations::kLastApplied ||
         key == annotations::kLastAppliedTime || key.starts_with(kOwnPrefix);
}

}  // namespace heirloom
