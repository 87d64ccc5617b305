#include "dispatcher/own_writes.h"

namespace heirloom::dispatcher {
namespace {

// Events taken for older than our write before we stop believing that its echo will come.
constexpr int kMaxIgnored = 16;

}  // namespace

void OwnWrites::wrote(const NamespacedName& key, const Json& answer, const std::string& before, const std::string& now) {
  if (answer["metadata"]["resourceVersion"].string() == now) {  // nothing changed, or the echo was quicker
    written_.erase(key);  // whose echo did not come: what the cache shows is newer
    return;
  }
  if (before != now) return;
  written_[key] = Written{answer, 0};
}

const Json* OwnWrites::find(const NamespacedName& key) const {
  const auto at = written_.find(key);
  return at == written_.end() ? nullptr : &at->second.object;
}

OwnWrites::Event OwnWrites::classify(const NamespacedName& key, const std::string& resource_version, bool deleted,
                                     bool from_list) {
  const auto at = written_.find(key);
  if (at == written_.end()) return Event::News;
  if (!deleted) {
    if (at->second.object["metadata"]["resourceVersion"].string() == resource_version) {
      written_.erase(at);
      return Event::Echo;
    }
    if (!from_list && ++at->second.ignored < kMaxIgnored) return Event::Stale;
  }
  written_.erase(at);
  return Event::News;
}

}  // namespace heirloom::dispatcher
