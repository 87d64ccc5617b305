// ObjectTable: what we last saw of every object, who is interested in it, and who found it in order.
//
// The one index by which applications are woken. An application is woken when an object it is interested in changes
// into a state that it has not yet verified. So the echo of our own write wakes nobody, and an unchanged application
// costs nothing. A body is kept only until everyone interested has verified it; then the hash stands for it.
//
// Pure bookkeeping: no I/O, no clock. Absent from the table is not absent from the cluster.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/clock.h"
#include "base/json.h"
#include "policies/live.h"

namespace heirloom::dispatcher {

// Content, ownership and status of an object; not resourceVersion, generation and managedFields.
std::uint64_t state_hash(JsonView object);

struct SeenObject {
  // Without the record's fields (those need the body), and without the object's own key, which the table knows: see
  // live_of. A hundred thousand of these have to fit.
  policies::LiveObject live;
  std::uint64_t hash = 0;     // state_hash
  Json body;                  // null once everyone interested has verified this state
};

// Has owner labels: the kind's watch shows it. What is known of others is as old as the answer that brought it.
bool is_managed(const SeenObject& seen);

// `seen.live` with the key put back.
policies::LiveObject live_of(const ObjectKey& key, const SeenObject& seen);

class ObjectTable {
 public:
  using Wake = std::function<void(const SharerKey& sharer)>;
  explicit ObjectTable(Wake wake) : wake_(std::move(wake)) {}

  // Told of a claim or claim class in an object's record that has no interest in the object: it is gone without having
  // let go, or it is one that we have not looked at yet. `key` is valid during the call only.
  using Stranger = std::function<void(const ObjectKey& key, const SharerKey& sharer)>;
  void on_stranger(Stranger told) { stranger_ = std::move(told); }

  // From a watch: of the whole kind, or of one object by name. `lost`: deleted, or no longer selected.
  enum class Watch : std::uint8_t { Kind, Name };
  void saw(const ObjectKey& key, const Json& object);
  void lost(const ObjectKey& key, Watch by);
  // From a watch by name that no longer tells of it, since the kind's watch does. What is known without owner labels is
  // outdated; what is known with them stands.
  void handed_over(const ObjectKey& key);
  // From a list after a broken watch: events may have been skipped, the echo of an answer among them.
  void listed(const ObjectKey& key, const Json& object);

  // What a list of the kind's selected objects must show, or else is lost: objects of which we know that they are selected,
  // or not yet from the watch that they are no more.
  std::vector<ObjectKey> selected_of(const std::string& group, const std::string& kind) const;

  // From an answer to a request that `by` made: it knows already and is not woken. The ticket is drawn before the request goes out: an answer that events have
  // overtaken must not turn the table back. An answer newer than the last event makes the table ignore the older
  // events still under way, until the echo of that answer arrives, or the news that the object is selected no more.
  using Ticket = std::uint64_t;
  Ticket ticket(const ObjectKey& key) const;
  void answered(const SharerKey& by, const ObjectKey& key, const Json& object, Ticket ticket);
  void answered_absent(const ObjectKey& key, Ticket ticket);

  // The last known state, or nullptr. Valid until the next call that is not const.
  const SeenObject* find(const ObjectKey& key) const;

  // The object as it was before somebody took owner labels or record off it, or deleted it; what it says is put back in
  // join order (policies/live.h restored, policies/facts.h Heirs). nullopt: nothing is missing, or we never saw it.
  std::optional<policies::LiveObject> former(const ObjectKey& key) const;
  // When it was found missing: `now` if nobody has asked before. Precondition: former(key).
  MonotonicTime missing_since(const ObjectKey& key, MonotonicTime now);
  // A release of the object as it is at this version is about to be sent: should owner and record go from it next, that is
  // what is missing, even when no answer says so.
  void releasing(const ObjectKey& key, std::string_view resource_version);
  // What is missing is meant to be: the object was released, or this sharer has let go of it.
  void released(const ObjectKey& key);
  void left(const SharerKey& sharer, const ObjectKey& key);

  // Why a sharer is interested: its trackers list the object, or its present plan declares it or waits for it. When it is
  // no longer, and the object lists it still, it will not let go of it (somebody emptied its tracker): the others are
  // woken, though nothing on the object has changed.
  enum class Source : std::uint8_t { Tracker = 1, Plan = 2 };
  void declare(const SharerKey& sharer, Source source, const std::set<ObjectKey>& objects);
  bool is_interested(const SharerKey& sharer, const ObjectKey& key) const;
  std::vector<SharerKey> interested(const ObjectKey& key) const;  // in key order
  std::vector<ObjectKey> objects_of(const SharerKey& sharer) const;
  // Who has joined which existing object, for keys that `wanted` picks, in key order. Walks the whole table: for rare
  // questions that wake nobody.
  std::vector<std::pair<ObjectKey, SharerKey>> joined(const std::function<bool(const ObjectKey&)>& wanted) const;

  // The sharer found the object in order in the state with this hash.
  void verify(const SharerKey& sharer, const ObjectKey& key, std::uint64_t hash);
  // True while the object's state is the one that the sharer verified last.
  bool is_verified(const SharerKey& sharer, const ObjectKey& key) const;
  // About to change it: whatever comes of that is to be looked at, even a state verified before.
  void unverify(const SharerKey& sharer, const ObjectKey& key);
  // Forgets what the sharer verified: its manifests or policies changed.
  void doubt(const SharerKey& sharer);

  std::size_t size() const { return entries_.size(); }
  std::size_t bodies() const { return bodies_; }  // kept now

 private:
  struct Stake {
    std::uint8_t sources = 0;
    std::optional<std::uint64_t> verified;
  };
  struct Former {
    policies::LiveObject live;
    std::optional<MonotonicTime> missing_since;
  };
  struct Entry {
    std::optional<SeenObject> seen;
    std::unique_ptr<Former> former;                  // rarely there
    std::map<SharerKey, Stake> stakes;
    std::uint64_t changes = 0;                       // counts events
    std::uint64_t last_loss = 0;                     // `changes` when it was lost
    std::array<std::uint64_t, 4> recent_versions{};  // hashes of the last resourceVersions seen, newest first
    std::uint64_t awaited_version = 0;               // hash of the resourceVersion whose echo is awaited; 0 = none
    std::uint8_t ignored_events = 0;                 // while waiting for it, or for its loss
    bool selected = false;                           // `seen` is what the kind's watch shows
    bool awaits_loss = false;                        // an answer said so first; what the watch shows until then is older
    std::uint64_t releasing = 0;                     // hash of the resourceVersion a release was guarded by; 0 = none
  };

  void place(const ObjectKey& key, Entry& entry, const Json& object, const SharerKey* by);
  void remove_seen(Entry& entry);
  void doubt(const ObjectKey& key, Entry& entry);
  void remember(Entry& entry, const policies::LiveObject* now);
  void drop_body_if_verified(Entry& entry);
  void drop_if_empty(const ObjectKey& key);
  void wake_unverified(const Entry& entry, const SharerKey* except);
  void wake_all(Entry& entry);

  void tell_strangers(const ObjectKey& key, const Entry& entry);

  Wake wake_;
  Stranger stranger_;
  std::map<ObjectKey, Entry> entries_;
  // Pointers to keys of entries_: an entry lives as long as somebody has a stake in it.
  struct ByContent {
    bool operator()(const ObjectKey* a, const ObjectKey* b) const { return *a < *b; }
  };
  std::map<SharerKey, std::set<const ObjectKey*, ByContent>> by_sharer_;
  std::size_t bodies_ = 0;
};

}  // namespace heirloom::dispatcher
