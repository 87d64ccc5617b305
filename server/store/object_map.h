// The current objects in key order.
#pragma once

#include <cstddef>
#include <map>
#include <string_view>

#include "server/store/store.h"

namespace heirloom::server {

class ObjectMap {
 public:
  // Keys are views into the objects themselves, so that each key is in memory once.
  using Map = std::map<std::string_view, StoredPtr>;

  StoredPtr find(std::string_view key) const;  // null when there is none
  void put(StoredPtr object);                  // adds or replaces
  void erase(std::string_view key);
  Map::const_iterator lower_bound(std::string_view key) const { return map_.lower_bound(key); }
  Map::const_iterator end() const { return map_.end(); }
  std::size_t size() const { return map_.size(); }

 private:
  Map map_;
};

}  // namespace heirloom::server
