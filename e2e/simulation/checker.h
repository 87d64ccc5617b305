// Checker: watches every commit and says which invariant of docs/protocol.md ("What must always hold") was
// broken. It reads stored JSON alone and shares no code with policies, dispatcher or core.
//
//   1  no DELETE of ours under a joined live sharer
//   2  the owner leads the ledger; no entry is lost
//   3  content is the owner's
//   4  declared fields equal the owner's manifest at rest
//   5  nothing is left behind, nothing else was touched
//   6  what no application created is not changed, unless one takes it over
//   7  after any crash the work is finished
//   8  conflicts are reported while they last, and no others
//   9  the dead own nothing and keep nothing alive
//  10  no controller writes without the lease
//  11  an application that waits names what it waits for
//  12  no request storm: a bound on requests for each event, none at rest (run.cc)
//  13  queues are empty at rest, caches in proportion to what they hold (run.cc)
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "e2e/simulation/cluster.h"
#include "e2e/simulation/commit.h"
#include "e2e/simulation/declarations.h"

namespace heirloom::simulation {

struct Violation {
  int invariant = 0;
  std::string what;
};
std::string to_string(const Violation& violation);

class Checker {
 public:
  // May have changed whatever was written. Outlives this; null: nobody does.
  explicit Checker(const Webhook* webhook = nullptr) : webhook_(webhook) {}

  // After every commit.
  void see(const Commit& commit);
  // When nothing moves any more. `settled`: whether that ever came about.
  void at_rest(const Cluster& cluster, bool settled);

  // Something that was noticed elsewhere.
  void add(Violation violation) { violations_.push_back(std::move(violation)); }

  const std::vector<Violation>& violations() const { return violations_; }

 private:
  // Labels, ledger and record of an object as stored.
  struct Ownership {
    std::string owner;  // "namespace/name", "" = nobody
    std::vector<std::string> ledger;
    std::map<std::string, std::string> marks;  // of the record
    bool has_record = false;
    bool managed() const { return !owner.empty() || !ledger.empty() || has_record; }
    bool lists(const std::string& sharer) const;
    std::vector<std::string> everyone() const;
  };
  static Ownership read(const Json& object);

  void see_definition(const Commit& commit);
  void see_remains(const std::vector<std::string>& sharers);
  void see_sharer(const std::string& sharer, const Commit& commit);
  // Of a sharer that is there, or that went with the definition of its kind; nullptr: of none.
  const Life* protected_life(const std::string& sharer) const;
  void see_class(const Commit& commit);
  void see_tracker(const Commit& commit);
  bool is_retained(const Ownership& ownership) const;
  void end_by_force(const std::string& sharer);
  bool is_of_forced_life(const Ownership& ownership) const;
  void see_object(const Commit& commit);
  void check_delete(const Commit& commit, const Ownership& before);
  void check_ledger(const Commit& commit, const Ownership& before, const Ownership& after);
  void check_content(const Commit& commit, const Ownership& before, const Ownership& after);
  bool has_joined(const std::string& sharer, const std::string& key, const Ownership& on,
                  bool as_sharer) const;

  bool is_refused(const std::string& sharer, const std::string& key, const Declared& declared) const;
  bool is_admitted(const std::string& sharer, const Life& life) const;
  std::int64_t held_box_claims(const std::string& but) const;
  bool may_take_over(const Ownership& taken, const std::string& key) const;
  // In conflict, waiting for something, or gone with its definition.
  bool is_held_up(const std::string& sharer) const {
    return blocked_.contains(sharer) || waiting_.contains(sharer) || asleep_.contains(sharer);
  }
  void find_blocked(const Cluster& cluster);
  void check_waiting(const std::string& sharer, const Life& life, const std::string& what);
  void check_sharers();
  void check_application(const std::string& sharer, const Life& life);
  void check_claim(const std::string& sharer, const Life& life);
  void check_class(const std::string& sharer, const Life& life);
  void check_object(const std::string& key, const Json& object);
  void check_leftovers(const Cluster& cluster);

  bool is_in_force(const Json& manifest, const Json& object) const;

  void report(int invariant, std::string what);

  const Webhook* webhook_;
  std::map<std::string, Life> lives_;    // by the sharer as ledgers have it
  Json boxes_;                           // the class of boxes; null when there is none
  std::vector<Json> boxes_ever_;         // every version of it
  std::map<std::string, Json> objects_;  // of managed kinds, by key
  std::set<std::string> tampered_;       // keys of objects whose ownership somebody edited by hand
  std::set<std::string> adopted_;   // keys of what a claim took on: released, never deleted
  std::map<std::string, std::set<std::string>> stripped_;  // whom somebody took off an object by hand
  std::set<std::string> forced_;         // sharers that are being, or were, removed by force
  std::set<std::string> forced_lives_;   // what their UIDs begin with
  std::map<std::string, std::map<std::string, std::vector<Json>>>
      before_;                     // manifests of lives ended by force
  std::map<std::string, std::set<std::string>> took_over_;  // keys that lives ended by force would take over
  std::map<std::string, std::vector<Life>> former_claims_;  // lives of claims that were ended by force
  // What stood on an object when it was released: nobody's from then on, and nobody's to remove.
  std::map<std::string, std::set<std::string>> released_;
  bool lost_ = false;                        // there is no definition of Applications, or it is going
  std::set<std::string> asleep_;             // applications that went with it, or whose remains it found
  std::map<std::string, std::string> trackers_;  // whose they are, by key
  std::set<std::string> recorded_;           // UIDs of applications that wrote a tracker
  std::set<std::string> slept_;              // those that are back
  std::map<std::string, Life> sleepers_;     // those that lived until then
  std::set<std::string> loose_;    // sharers one of whose trackers somebody broke
  std::set<std::string> blocked_;  // at rest: sharers whose version is in conflict, rightly
  std::map<std::string, std::string> waiting_;  // at rest: sharers whose version waits, rightly, and for what
  std::vector<Violation> violations_;
};

}  // namespace heirloom::simulation
