// Fight: two writers that undo each other's changes to one object, seen from our side. Pure.
// A controller that repairs at the speed of events must notice that it is being answered.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace heirloom::dispatcher {

inline constexpr int kFightRepairs = 20;  // repairs of one object within a window are a fight
inline constexpr Duration kFightWindow = std::chrono::minutes(1);
inline constexpr Duration kFirstTruce = std::chrono::seconds(5);  // doubles with every fought window
inline constexpr Duration kLongestTruce = std::chrono::minutes(5);

class Fight {
 public:
  void repaired(MonotonicTime now);
  // How long to leave the object alone; zero or less: go on.
  Duration truce(MonotonicTime now) const { return quiet_until_ - now; }

 private:
  MonotonicTime window_began_{};
  MonotonicTime quiet_until_{};
  Duration last_truce_{};
  int repairs_ = 0;
};

// Who fights with us: the field manager, other than ours, that wrote one of these fields last (paths as in
// schema::differences), or else the object; "another writer" when nobody signs.
std::string other_writer(JsonView object, const std::vector<std::string>& fields);

}  // namespace heirloom::dispatcher
