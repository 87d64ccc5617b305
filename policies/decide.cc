#include "policies/decide.h"

#include <algorithm>

#include "apis/conflict.h"
#include "base/assert.h"
#include "policies/leave.h"

namespace heirloom::policies {

namespace {

using Presence = Situation::Presence;
using Owner = Situation::Owner;
using Entries = Situation::Entries;
namespace reason = conflict_reasons;

bool absent(const Situation& s) { return s.presence == Presence::Absent; }
bool mine(const Situation& s) { return s.owner == Owner::Me; }
bool unowned(const Situation& s) { return s.owner == Owner::None; }
bool of_other(const Situation& s) { return s.owner == Owner::Other; }

// The table of docs/protocol.md, in its order. Rows after "terminating" are about an object that exists and
// lives.
constexpr Row kTable[] = {
    {"absent, and its Namespace is terminating, or missing and not planned",
     [](const Situation& s) { return absent(s) && s.namespace_blocks; }, Action::Wait, ""},
    {"absent and read-only",  //
     [](const Situation& s) { return absent(s) && s.policies.read_only; }, Action::ReadOnlyMissing,
     reason::kReadOnlyMissing},
    {"absent, and heirs before me may still create it",  //
     [](const Situation& s) { return absent(s) && s.others_first; }, Action::Wait, ""},
    {"absent",  //
     [](const Situation& s) { return absent(s); }, Action::Create, ""},
    {"exists, read-only",  //
     [](const Situation& s) { return s.policies.read_only; }, Action::Observe, ""},
    {"terminating",  //
     [](const Situation& s) { return s.presence == Presence::Terminating; }, Action::Wait, ""},
    {"mine",  //
     [](const Situation& s) { return mine(s); }, Action::Update, ""},
    {"nobody's, take-over",  //
     [](const Situation& s) { return unowned(s) && s.policies.take_over; }, Action::Adopt, ""},
    {"nobody's, the record holds my current mark",  //
     [](const Situation& s) { return unowned(s) && s.my_mark; }, Action::Repair, ""},
    {"nobody's, shared, and every entry of the ledger is dead",
     [](const Situation& s) { return unowned(s) && s.policies.shared && s.entries == Entries::AllDead; },
     Action::Inherit, ""},
    {"nobody's",  //
     [](const Situation& s) { return unowned(s); }, Action::Conflict, reason::kNotManaged},
    {"another's, shared, I am in the ledger",
     [](const Situation& s) { return of_other(s) && s.policies.shared && s.listed; }, Action::Hold, ""},
    {"another's, shared, the ledger has a live entry",
     [](const Situation& s) { return of_other(s) && s.policies.shared && s.entries == Entries::Live; },
     Action::Join, ""},
    {"another's, shared, no live entry",  //
     [](const Situation& s) { return of_other(s) && s.policies.shared; }, Action::Conflict,
     reason::kNotShareable},
    {"another's, not shared, I am in the ledger",  //
     [](const Situation& s) { return of_other(s) && s.listed; }, Action::Drop, reason::kManagedByOther},
    {"another's, not shared",  //
     [](const Situation& s) { return of_other(s); }, Action::Conflict, reason::kManagedByOther},
};

// The input with the dead taken out.
struct View {
  const LiveObject& live;
  const Me& me;
  const Facts& facts;
  Ledger entries;                  // who has joined and is not dead, in order
  std::optional<SharerKey> owner;  // the effective one
  bool is_shared = false;          // somebody has joined, dead or not

  View(const LiveObject& l, const Me& m, const Facts& f) : live(l), me(m), facts(f) {
    const Ledger all = joined(live);
    for (const SharerKey& key : all)
      if (!dead(key)) entries.push_back(key);
    is_shared = !all.empty();
    if (live.owner && !dead(*live.owner)) {
      owner = live.owner;
    } else if (!entries.empty()) {
      const auto it = std::find_if(entries.begin(), entries.end(),
                                   [&](const SharerKey& key) { return key == me.key || facts.is_live(key); });
      owner = it == entries.end() ? entries.front() : *it;
    }
  }

  bool dead(const SharerKey& key) const { return key != me.key && facts.is_dead(key); }

  Marks marks_without_dead() const {
    Marks marks;
    if (live.record)
      for (const auto& [key, mark] : live.record->sharers)
        if (!dead(key)) marks.emplace(key, mark);
    return marks;
  }

  Ledger entries_without_me() const {
    Ledger others = entries;
    others.erase(std::remove(others.begin(), others.end(), me.key), others.end());
    return others;
  }

  // Owner, ledger in canonical order, my mark among the marks.
  Ownership with_me(const SharerKey& new_owner, const Ledger& ledger) const {
    Ownership ownership;
    ownership.owner = new_owner;
    ownership.ledger = with_owner_first(ledger, new_owner);
    ownership.sharers = marks_without_dead();
    ownership.sharers.insert_or_assign(me.key, me.mark);
    ownership.sharers = ownership.sharers.ordered_by(ownership.ledger);
    ownership.adopted = live.record && live.record->adopted;
    return ownership;
  }

  // I am the owner of an object that had none.
  Ownership as_sole_owner(bool shared) const {
    Ownership ownership = with_me(me.key, shared ? Ledger{me.key} : Ledger{});
    ownership.sharers = {{me.key, me.mark}};
    return ownership;
  }
};

// How many of the heirs come before me; whoever is new comes after all of them.
int rank_of(const SharerKey& me, const Ledger& line) {
  return static_cast<int>(std::find(line.begin(), line.end(), me) - line.begin());
}

Situation situation_of(const std::optional<View>& view, const Me& me, const ObjectPolicies& policies,
                       const Facts& facts) {
  Situation s;
  s.policies = policies;
  s.others_first = !view && rank_of(me.key, facts.heirs.line) > facts.heirs.turns;
  s.namespace_blocks = facts.ns == NamespaceState::Terminating || facts.ns == NamespaceState::Missing;
  if (!view) return s;
  const LiveObject& live = view->live;
  s.presence = live.terminating ? Presence::Terminating : Presence::Exists;
  if (view->owner) s.owner = *view->owner == view->me.key ? Owner::Me : Owner::Other;
  s.listed = contains(view->entries, view->me.key);
  s.my_mark = live.has_mark(view->me.key, view->me.mark);
  if (view->is_shared) s.entries = view->entries.empty() ? Entries::AllDead : Entries::Live;
  return s;
}

const Row& first_match(const Situation& situation) {
  for (const Row& row : kTable)
    if (row.matches(situation)) return row;
  HEIRLOOM_ASSERT(false && "the decision table is total");
  return kTable[0];
}

// Made again with the ledger it had, so that nobody has to join once more and the order stays.
void create(Decision& d, const Me& me, const Heirs& heirs) {
  const bool heir = contains(heirs.line, me.key);
  Ledger ledger = heir ? heirs.line : Ledger{};
  ledger.erase(std::remove(ledger.begin(), ledger.end(), me.key), ledger.end());
  const bool others = !ledger.empty();
  ledger.insert(ledger.begin(), me.key);
  d.ownership.owner = me.key;
  d.ownership.sharers.emplace(me.key, me.mark);
  if (d.shares || others) d.ownership.ledger = ledger;
  for (const SharerKey& key : ledger)
    if (const auto mark = heirs.marks.find(key); mark != heirs.marks.end())
      d.ownership.sharers.emplace(key, mark->second);
  d.shares_without_policy = !d.shares && others;
  d.writes_ownership = true;
}

WaitCause wait_cause(const std::optional<LiveObject>& live, const Facts& facts) {
  if (live) return WaitCause::ObjectTerminating;
  switch (facts.ns) {
    case NamespaceState::Terminating:
      return WaitCause::NamespaceTerminating;
    case NamespaceState::Missing:
      return WaitCause::NamespaceMissing;
    default:
      return WaitCause::OthersFirst;
  }
}

void conflict(Decision& d, std::string_view why) {
  d.action = Action::Conflict;
  d.conflict = why;
}

void step_out(Decision& d, const View& view) {
  LeavePolicy releasing;
  releasing.release = true;
  const LeaveDecision out = leave(view.live, view.me.key, releasing, view.facts);
  d.writes_ownership = out.action == LeaveAction::Handover || out.action == LeaveAction::Release;
  if (d.writes_ownership) d.ownership = out.ownership;
}

void update(Decision& d, const View& view) {
  Ledger others = view.entries_without_me();
  for (const auto& [key, mark] : view.marks_without_dead())  // a lone mark beside my labels: nobody is lost
    if (key != view.me.key && !contains(others, key)) others.push_back(key);
  const bool shares = d.shares || !others.empty();
  Ledger ledger = others;
  ledger.insert(ledger.begin(), view.me.key);
  d.ownership = view.with_me(view.me.key, shares ? ledger : Ledger{});
  d.shares_without_policy = !d.shares && !others.empty();
  d.writes_ownership = differs(view.live, d.ownership);
}

void own(Decision& d, const View& view) {
  d.ownership = view.as_sole_owner(d.shares);
  // Full ownership for an application; what a claim adopts is released when the last one leaves. What sharers made that
  // are gone, or I myself before the labels were taken away, is no adoption.
  const bool managed_before = view.live.has_mark(view.me.key, view.me.mark) || !view.live.ledger.empty();
  if (d.action == Action::Adopt) {
    const bool claim = !view.me.key.is_application();
    d.ownership.adopted = claim && (!managed_before || d.ownership.adopted);
  }
  d.writes_ownership = true;
}

void join(Decision& d, const View& view) {
  Ledger ledger = with_owner_first(view.entries, *view.owner);
  if (ledger.empty()) ledger.push_back(*view.owner);
  ledger.push_back(view.me.key);
  if (!fits(ledger)) {
    d.full = true;
    conflict(d, reason::kNotShareable);
    return;
  }
  d.ownership = view.with_me(*view.owner, ledger);
  d.writes_ownership = true;
}

void hold(Decision& d, const View& view) {
  d.ownership = view.with_me(*view.owner, view.entries);
  d.writes_ownership = differs(view.live, d.ownership);
}

void drop(Decision& d, const View& view) {
  d.ownership = view.with_me(*view.owner, view.entries_without_me());
  d.ownership.sharers.erase(view.me.key);
  d.writes_ownership = true;
}

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::Wait:
      return "Wait";
    case Action::ReadOnlyMissing:
      return "ReadOnlyMissing";
    case Action::Create:
      return "Create";
    case Action::Observe:
      return "Observe";
    case Action::Update:
      return "Update";
    case Action::Adopt:
      return "Adopt";
    case Action::Repair:
      return "Repair";
    case Action::Inherit:
      return "Inherit";
    case Action::Hold:
      return "Hold";
    case Action::Join:
      return "Join";
    case Action::Drop:
      return "Drop";
    case Action::Conflict:
      return "Conflict";
  }
  return "Conflict";
}

std::span<const Row> decision_table() { return kTable; }

Decision decide(const std::optional<LiveObject>& live, const Me& me, const ObjectPolicies& policies,
                const Facts& facts) {
  std::optional<View> view;
  if (live) view.emplace(*live, me, facts);
  const Row& row = first_match(situation_of(view, me, policies, facts));

  Decision d;
  d.action = row.action;
  d.conflict = row.conflict;
  d.shares = policies.shared;
  if (view) {
    d.owner = view->owner ? view->owner : live->copy ? live->copied_owner : live->owner;
    d.sharers = view->entries;
    d.copy = live->copy;
  }
  switch (row.action) {
    case Action::Wait:
      d.wait = wait_cause(live, facts);
      if (d.wait == WaitCause::OthersFirst)
        d.turns_to_wait = rank_of(me.key, facts.heirs.line) - facts.heirs.turns;
      break;
    case Action::ReadOnlyMissing:
    case Action::Conflict:
      break;
    case Action::Create:
      create(d, me, facts.heirs);
      break;
    case Action::Observe:
      step_out(d, *view);
      break;
    case Action::Update:
      update(d, *view);
      break;
    case Action::Adopt:
    case Action::Repair:
    case Action::Inherit:
      own(d, *view);
      break;
    case Action::Join:
      join(d, *view);
      break;
    case Action::Hold:
      hold(d, *view);
      break;
    case Action::Drop:
      drop(d, *view);
      break;
  }
  d.may_write_content = d.action != Action::Observe && d.ownership.owner == me.key;
  d.takes_ownership = d.may_write_content && live && live->owner != me.key;
  return d;
}

}  // namespace heirloom::policies
