#include "server/store/object_map.h"

#include <utility>

namespace heirloom::server {

StoredPtr ObjectMap::find(std::string_view key) const {
  const auto it = map_.find(key);
  return it == map_.end() ? nullptr : it->second;
}

void ObjectMap::put(StoredPtr object) {
  const auto it = map_.lower_bound(object->key);
  if (it == map_.end() || it->first != object->key) {
    const std::string_view key = object->key;
    map_.emplace_hint(it, key, std::move(object));
    return;
  }
  // The node's key must move over to the new object's text before the old object may go.
  const auto hint = std::next(it);
  auto node = map_.extract(it);
  node.key() = object->key;
  node.mapped() = std::move(object);
  map_.insert(hint, std::move(node));
}

void ObjectMap::erase(std::string_view key) {
  const auto it = map_.find(key);
  if (it == map_.end()) return;
  const StoredPtr keep_alive = it->second;  // its key is the node's key
  map_.erase(it);
}

}  // namespace heirloom::server
