// CommitLog: what makes batches of events durable. One implementation on SQLite; none for a store in memory.
#pragma once

#include <vector>

#include "server/store/history.h"
#include "server/store/object_map.h"

namespace heirloom::server {

struct LogBatch {
  std::vector<StoreEventPtr> events;      // revisions ascend
  std::vector<ForgottenEvent> forgotten;  // in the order they were forgotten; the last is the new `compacted`
};

class CommitLog {
 public:
  virtual ~CommitLog() = default;
  // All of the batch, durable, or (on an error) none of it, or, when the disk lies or died, unknown: then
  // every later call fails too. Called by the commit runner, never twice at a time.
  virtual Status append(const LogBatch& batch) = 0;
  // Work that may wait for a quiet moment (checkpoints): whether there is some, and how urgent. Safe to ask
  // between calls of the other two.
  enum class Tidying { None, WhenIdle, Now };
  virtual Tidying wants_tidying() const = 0;
  virtual void tidy() = 0;
  // True when an error of append() may go away by itself (no space left), so that trying again makes sense.
  virtual bool may_recover() const = 0;
};

// What a log held when it was opened.
struct LoadedState {
  ObjectMap objects;
  History history{1};
  Revision revision = 1;
};

}  // namespace heirloom::server
