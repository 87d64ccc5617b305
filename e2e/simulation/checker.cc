#include "e2e/simulation/checker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "e2e/simulation/claim_rules.h"

namespace heirloom::simulation {
namespace {

constexpr std::string_view kApplicationDefinition =
    "/apiextensions.k8s.io/customresourcedefinitions/applications.core.oam.dev";
std::string trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

std::string to_string(const Violation& violation) {
  return fmt::format("invariant {}: {}", violation.invariant, violation.what);
}

bool Checker::Ownership::lists(const std::string& sharer) const {
  return owner == sharer || std::find(ledger.begin(), ledger.end(), sharer) != ledger.end();
}

std::vector<std::string> Checker::Ownership::everyone() const {
  std::vector<std::string> all = ledger;
  if (!owner.empty()) all.push_back(owner);
  for (const auto& [sharer, mark] : marks) all.push_back(sharer);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Checker::Ownership Checker::read(const Json& object) {
  Ownership found;
  const JsonView labels = object["metadata"]["labels"];
  const JsonView annotations = object["metadata"]["annotations"];
  if (labels["app.oam.dev/name"].is_string())
    found.owner =
        sharer_of_labels(labels["app.oam.dev/namespace"].string(), labels["app.oam.dev/name"].string());
  std::string_view text = annotations["app.oam.dev/shared-by"].string();
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string entry = trimmed(text.substr(0, comma));
    if (!entry.empty()) found.ledger.push_back(std::move(entry));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  const std::string_view record = annotations["heirloom.dev/record"].string();
  const Result<Json> parsed = Json::parse(record.empty() ? "null" : record);
  if (parsed.ok() && parsed->is_object()) {
    found.has_record = true;
    for (const auto& [sharer, mark] : (*parsed)["sharers"].members())
      found.marks[std::string(sharer)] = mark.string();
  }
  return found;
}

// As it was declared, or as the webhook would have it.
bool Checker::is_in_force(const Json& manifest, const Json& object) const {
  if (says(object, manifest)) return true;
  return webhook_ != nullptr && says(object, webhook_->content(manifest["kind"].string(), manifest));
}

void Checker::report(int invariant, std::string what) { violations_.push_back({invariant, std::move(what)}); }

void Checker::see(const Commit& commit) {
  if (commit.unled) report(10, fmt::format("{} was written by a controller without the lease", commit.key));
  if (commit.key == kApplicationDefinition) {
    see_definition(commit);
  } else if (const std::string sharer = sharer_in_store(commit.key); !sharer.empty()) {
    see_sharer(sharer, commit);
  } else if (commit.key.starts_with(kTrackers)) {
    see_tracker(commit);
  } else if (is_managed_kind(commit.key)) {
    see_object(commit);
    if (commit.after.is_null()) {
      objects_.erase(commit.key);
      tampered_.erase(commit.key);
      stripped_.erase(commit.key);
      adopted_.erase(commit.key);
      released_.erase(commit.key);
    } else {
      objects_[commit.key] = commit.after;
    }
  }
}

// With the definition of Applications go all of them, and nobody meant what they share: whoever lived then is protected
// like the living until it comes back, and nobody has to tidy up after any of them.
void Checker::see_definition(const Commit& commit) {
  const bool lost = commit.after.is_null() || is_deleting(commit.after);
  if (!lost || lost_) {
    lost_ = lost;
    return;
  }
  lost_ = true;
  for (const auto& [sharer, life] : lives_) {
    if (!is_application(sharer)) continue;
    asleep_.insert(sharer);
    if (life.deleting) continue;
    // What is joined in its name from now on is under way, and may be taken back.
    Life sleeper = life;
    std::erase_if(sleeper.declares, [&, me = sharer](const auto& declared) {
      const auto object = objects_.find(declared.first);
      return object == objects_.end() || !has_joined(me, declared.first, read(object->second), false);
    });
    sleepers_[sharer] = std::move(sleeper);
  }
  for (const auto& [key, object] : objects_) see_remains(read(object).everyone());
  for (const auto& [key, sharer] : trackers_) see_remains({sharer});
}

// Nobody has to tidy up after those who are gone while there is no definition.
void Checker::see_remains(const std::vector<std::string>& sharers) {
  if (!lost_) return;
  for (const std::string& sharer : sharers)
    if (is_application(sharer) && !lives_.contains(sharer)) asleep_.insert(sharer);
}

const Life* Checker::protected_life(const std::string& sharer) const {
  if (const auto sleeper = sleepers_.find(sharer); sleeper != sleepers_.end()) return &sleeper->second;
  const auto life = lives_.find(sharer);
  return life == lives_.end() ? nullptr : &life->second;
}

void Checker::see_sharer(const std::string& sharer, const Commit& commit) {
  const auto ours = [&sharer](const Json& object) {
    for (const JsonView finalizer : object["metadata"]["finalizers"].elements())
      if (finalizer.string() == finalizer_of(sharer)) return true;
    return false;
  };
  if (commit.after.is_null()) {
    if (commit.perhaps_by_user() && ours(commit.before)) forced_.insert(sharer);
    if (forced_.contains(sharer)) end_by_force(sharer);
    // A life that recorded nothing tells nobody that its former one is over, which slept.
    if (slept_.contains(sharer) && !recorded_.contains(std::string(commit.before["metadata"]["uid"].string())))
      asleep_.insert(sharer);
    lives_.erase(sharer);
    if (sharer == kBoxes) boxes_ = Json();
    return;
  }
  if (commit.before.is_null()) {
    forced_.erase(sharer);
    if (asleep_.erase(sharer) != 0) slept_.insert(sharer);
    sleepers_.erase(sharer);
  }
  if (lost_ && is_application(sharer) && is_deleting(commit.after)) asleep_.insert(sharer);
  // Its author may still say that it is to let go of something.
  if (const auto sleeper = sleepers_.find(sharer); sleeper != sleepers_.end() && !commit.before.is_null()) {
    Life edited;
    update(edited, commit.after);
    std::erase_if(sleeper->second.declares, [&edited](const auto& declared) {
      const auto still = edited.declares.find(declared.first);
      return still == edited.declares.end() || still->second.read_only || (declared.second.shared && !still->second.shared);
    });
  }
  // Somebody takes our finalizer away.
  if (commit.perhaps_by_user() && !commit.before.is_null() && ours(commit.before) && !ours(commit.after))
    forced_.insert(sharer);
  if (sharer == kBoxes) {
    see_class(commit);
  } else if (is_claim(sharer)) {
    update_claim(lives_[sharer], commit.after, boxes_);
  } else {
    update(lives_[sharer], commit.after);
  }
}

// Claims mean what their class says now.
void Checker::see_class(const Commit& commit) {
  Life& life = lives_[std::string(kBoxes)];
  life.uid = commit.after["metadata"]["uid"].string();
  life.deleting = is_deleting(commit.after);
  life.object = commit.after;
  const bool edited = commit.after["spec"] != boxes_["spec"];
  boxes_ = commit.after;
  if (!edited) return;
  boxes_ever_.push_back(boxes_);
  for (auto& [sharer, claim] : lives_) {
    if (!is_claim(sharer)) continue;
    const Json object = claim.object;
    update_claim(claim, object, boxes_);
  }
}

// Kept by its class for the claims to come.
bool Checker::is_retained(const Ownership& ownership) const {
  return ownership.owner == kBoxes && ownership.ledger == std::vector<std::string>{std::string(kBoxes)} &&
         boxes_["spec"]["whenEmpty"].string() == "Retain";
}

// What only a broken tracker knew may stay behind.
void Checker::see_tracker(const Commit& commit) {
  const JsonView labels = (commit.before.is_null() ? commit.after : commit.before)["metadata"]["labels"];
  const std::string sharer =
      sharer_of_labels(labels["app.oam.dev/namespace"].string(), labels["app.oam.dev/name"].string());
  if (commit.after.is_null()) trackers_.erase(commit.key);
  if (commit.before.is_null()) {
    trackers_[commit.key] = sharer;
    recorded_.insert(std::string(labels["app.oam.dev/uid"].string()));
    see_remains({sharer});
  } else if (commit.perhaps_by_user()) {
    loose_.insert(sharer);
  }
}

// Its last requests may be under way, and nobody leaves in its name.
void Checker::end_by_force(const std::string& sharer) {
  forced_lives_.insert(lives_[sharer].uid.substr(0, 8));
  const std::set<std::string>& took = lives_[sharer].ever_taken_over;
  took_over_[sharer].insert(took.begin(), took.end());
  if (is_claim(sharer)) former_claims_[sharer].push_back(lives_[sharer]);
  for (const auto& [key, manifests] : lives_[sharer].ever) {
    std::vector<Json>& known = before_[sharer][key];
    known.insert(known.end(), manifests.begin(), manifests.end());
  }
}

// Whether it takes part since it has declared (and shared) the object: its mark says so, or it is listed and its own
// status says that this version is in force (which it may not before its mark is written).
bool Checker::has_joined(const std::string& sharer, const std::string& key, const Ownership& on,
                         bool as_sharer) const {
  const Life* const life = protected_life(sharer);
  if (life == nullptr || !life->lives_and_declares(key)) return false;
  const Declared& declared = life->declares.at(key);
  if (as_sharer && !declared.shared && on.owner != sharer) return false;  // it does not share, and may drop out
  const std::int64_t since = as_sharer ? std::max(declared.since, declared.shared_since) : declared.since;
  const JsonView status = life->object["status"];
  if (on.lists(sharer) && !tampered_.contains(key) && status["status"].string() == "running" &&
      status["observedGeneration"].int64() >= since)
    return true;
  const auto mark = on.marks.find(sharer);
  if (mark == on.marks.end()) return false;
  const std::size_t dot = mark->second.find('.');
  if (dot == std::string::npos || mark->second.substr(0, dot) != life->uid.substr(0, dot))
    return false;
  return std::strtoll(mark->second.c_str() + dot + 1, nullptr, 10) >= since;
}

// As marks have it: the first digits of the UID.
bool Checker::is_of_forced_life(const Ownership& ownership) const {
  const auto mark = ownership.marks.find(ownership.owner);
  return mark != ownership.marks.end() && forced_lives_.contains(mark->second.substr(0, 8));
}

void Checker::see_object(const Commit& commit) {
  const Ownership before = read(commit.before);
  const Ownership after = read(commit.after);
  const bool was_deleting = is_deleting(commit.before);
  see_remains(after.everyone());
  if (commit.perhaps_by_user() && !commit.before.is_null() && !commit.after.is_null() &&
      (before.owner != after.owner || before.ledger != after.ledger || before.marks != after.marks)) {
    tampered_.insert(commit.key);
    for (const std::string& sharer : before.everyone()) stripped_[commit.key].insert(sharer);
  }
  if (before.managed() && !commit.after.is_null() && !after.managed()) {
    adopted_.erase(commit.key);
    std::set<std::string>& names = released_[commit.key];
    for (const JsonView part : {commit.after["data"], commit.after["spec"], commit.after["metadata"]["labels"]})
      for (std::string& name : leftovers(JsonView(), part)) names.insert(std::move(name));
  }
  if (!commit.by_controller() || commit.before.is_null()) return;
  if (!before.managed()) {
    // What was stripped is put back by who has seen it, in the same write in which its owner may leave and another join.
    const auto stripped = stripped_.find(commit.key);
    const std::vector<std::string> now = after.everyone();
    const bool was_its = stripped != stripped_.end() && std::any_of(now.begin(), now.end(), [&stripped](const std::string& sharer) {
                           return stripped->second.contains(sharer);
                         });
    if (!was_deleting && !was_its && !may_take_over(after, commit.key))
      report(6, fmt::format("{} was nobody's, and we changed it", commit.key));
    if (is_claim(after.owner) && !was_its) adopted_.insert(commit.key);
    return;
  }
  const bool deletes = commit.after.is_null() || is_deleting(commit.after);
  if (deletes && !was_deleting) check_delete(commit, before);
  if (deletes || was_deleting) return;
  check_ledger(commit, before, after);
  check_content(commit, before, after);
}

void Checker::check_delete(const Commit& commit, const Ownership& before) {
  if (is_retained(before) && boxes_["spec"]["retainSeconds"].int64() == 0 && !tampered_.contains(commit.key))
    report(1, fmt::format("{} was deleted although its class keeps it", commit.key));
  if (adopted_.contains(commit.key) && !tampered_.contains(commit.key))
    report(6, fmt::format("{} was adopted by a claim, and deleted (owner {}, ledger {})", commit.key, before.owner,
                          list_of(before.ledger)));
  for (const std::string& sharer : before.everyone())
    if (has_joined(sharer, commit.key, before, false))
      report(1, fmt::format("{} was deleted under {} (owner {}, ledger {})", commit.key, sharer, before.owner,
                            list_of(before.ledger)));
}

void Checker::check_ledger(const Commit& commit, const Ownership& before, const Ownership& after) {
  if (!after.ledger.empty() && after.ledger.front() != after.owner)
    report(2,
           fmt::format("{}: the owner is {}, the ledger {}", commit.key, after.owner, list_of(after.ledger)));
  for (const std::string& entry : before.ledger)
    if (!after.lists(entry) && has_joined(entry, commit.key, before, true))
      report(2, fmt::format("{}: {} was lost from the ledger {}, which is now {}", commit.key, entry,
                            list_of(before.ledger), list_of(after.ledger)));
  if (before.owner != after.owner && !before.owner.empty() &&
      has_joined(before.owner, commit.key, before, false))
    report(2, fmt::format("{}: {} was the owner, lives, and declares it; now {} owns it", commit.key,
                          before.owner, after.owner.empty() ? "nobody" : after.owner));
}

void Checker::check_content(const Commit& commit, const Ownership& before, const Ownership& after) {
  if (content_of(commit.before) == content_of(commit.after)) return;
  // A webhook changes what it comes across, whoever writes and whatever for.
  if (webhook_ != nullptr && content_of(webhook_->content(commit.after["kind"].string(), commit.before)) == content_of(commit.after))
    return;
  const auto life = lives_.find(after.owner);
  if (life == lives_.end()) return;  // removed by force meanwhile
  const auto is_known = [this, &commit](const std::map<std::string, std::vector<Json>>& ever) {
    const auto manifests = ever.find(commit.key);
    return manifests != ever.end() &&
           std::any_of(manifests->second.begin(), manifests->second.end(),
                       [this, &commit](const Json& manifest) { return is_in_force(manifest, commit.after); });
  };
  const bool by_forced = is_of_forced_life(after);
  const auto former = before_.find(after.owner);
  bool known = is_known(life->second.ever) || (by_forced && former != before_.end() && is_known(former->second));
  if (is_claim(after.owner)) {
    known = known || is_known(ever_meant(life->second, boxes_ever_));
    if (by_forced)
      for (const Life& ended : former_claims_[after.owner]) known = known || is_known(ever_meant(ended, boxes_ever_));
    // The first claim's size stays, whoever comes later; not so one that only lies there still, which no claim wrote.
    const JsonView size = commit.before["data"][kBoxSize];
    const bool of_claims = is_claim(before.owner) && commit.before["data"]["from"].string() == "boxes";
    const Json& known_class = boxes_.is_null() && !boxes_ever_.empty() ? boxes_ever_.back() : boxes_;  // as it was last
    if (of_claims && !rejects_mismatches(known_class) && size.exists() && size != commit.after["data"][kBoxSize] &&
        !tampered_.contains(commit.key))
      report(3, fmt::format("{}: its size went from {} to {} between claims ({}, {})", commit.key, write_json(size),
                            write_json(commit.after["data"]), before.owner, after.owner));
  }
  if (!known)
    report(3, fmt::format("{}: content was written that its owner {} never declared (owner before: {}): {}",
                          commit.key, after.owner, before.owner, write_json(content_of(commit.after))));
}

}  // namespace heirloom::simulation
