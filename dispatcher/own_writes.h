// OwnWrites: answers to our writes, until the watch has echoed them. Read your own writes; be woken by others' only.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "apis/resource_names.h"
#include "base/json.h"

namespace heirloom::dispatcher {

class OwnWrites {
 public:
  // The answer to a write. `before` and `now`: the cache's resourceVersion of the object when the request went out and
  // at present. When they differ, events have come meanwhile and the answer may be old news: it is not kept.
  void wrote(const NamespacedName& key, const Json& answer, const std::string& before, const std::string& now);
  const Json* find(const NamespacedName& key) const;  // nullptr: believe the cache

  enum class Event { News, Echo, Stale };
  // What an event about the object is; News and Echo end the waiting. `from_list`: a list after a broken watch shows it;
  // the echo may have been skipped, so nothing else is waited for. Should the list be older than our write, the watch
  // that goes on from it brings the echo as news.
  Event classify(const NamespacedName& key, const std::string& resource_version, bool deleted, bool from_list);

 private:
  struct Written {
    Json object;
    int ignored = 0;
  };
  std::map<NamespacedName, Written> written_;
};

}  // namespace heirloom::dispatcher
