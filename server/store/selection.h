// A selection of keys (store.h): everything below a text that ends with '/', or exactly one key.
#pragma once

#include <string_view>

namespace heirloom::server {

inline bool selects_many(std::string_view selection) { return selection.empty() || selection.back() == '/'; }

inline bool selects(std::string_view selection, std::string_view key) {
  return selects_many(selection) ? key.substr(0, selection.size()) == selection : key == selection;
}

}  // namespace heirloom::server
