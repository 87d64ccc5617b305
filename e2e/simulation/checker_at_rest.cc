// What must hold when nothing moves any more.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "e2e/simulation/checker.h"
#include "e2e/simulation/claim_rules.h"

namespace heirloom::simulation {
namespace {

constexpr std::string_view kRevisions = "/core.oam.dev/applicationrevisions/";

}  // namespace

// Whether this sharer, rightly, does not get the object.
bool Checker::is_refused(const std::string& sharer, const std::string& key, const Declared& declared) const {
  const auto object = objects_.find(key);
  if (object == objects_.end()) return declared.read_only;
  if (declared.read_only) return false;
  const Ownership ownership = read(object->second);
  if (ownership.owner == sharer) return false;
  const auto owner = lives_.find(ownership.owner);
  if (owner == lives_.end() && !asleep_.contains(ownership.owner))
    return !declared.takes_over && (ownership.ledger.empty() || !declared.shared);
  if (!declared.shared) return true;
  return ownership.ledger.empty();
}

bool Checker::may_take_over(const Ownership& taken, const std::string& key) const {
  const auto life = lives_.find(taken.owner);
  if (life != lives_.end() && life->second.ever_taken_over.contains(key)) return true;
  const auto ended = took_over_.find(taken.owner);
  return is_of_forced_life(taken) && ended != took_over_.end() && ended->second.contains(key);
}

// A claim of boxes that its class lets have its object, as far as the class can be asked: what it has joined it keeps.
bool Checker::is_admitted(const std::string& sharer, const Life& life) const {
  if (!life.object["spec"].contains("box")) return true;
  if (!serves(boxes_)) return false;
  const std::string& key = life.declares.begin()->first;
  const auto object = objects_.find(key);
  const Ownership ownership = object == objects_.end() ? Ownership() : read(object->second);
  const std::string reason = ready(life.object).reason;
  if (reason == "Mismatch") {
    return ownership.owner == sharer || object == objects_.end() || !rejects_mismatches(boxes_) ||
           !differs(life.object, object->second);
  }
  if (ownership.lists(sharer)) return true;
  if (reason == "NamespaceNotAllowed") return allows_namespace(boxes_, life.object["metadata"]["namespace"].string());
  const auto room = [this](std::string_view of, std::int64_t others) {
    return limit(boxes_, of) == 0 || others < limit(boxes_, of);
  };
  if (reason == "TargetFull") return room("claimsPerTarget", std::count_if(ownership.ledger.begin(), ownership.ledger.end(), is_box_claim));
  if (reason == "QuotaExceeded") return room("claimsPerNamespace", held_box_claims(sharer));
  return true;
}

// Claims of boxes that may have something, but for this one.
std::int64_t Checker::held_box_claims(const std::string& but) const {
  std::int64_t held = 0;
  for (const auto& [sharer, life] : lives_) {
    if (!is_box_claim(sharer) || sharer == but) continue;
    for (const JsonView finalizer : life.object["metadata"]["finalizers"].elements())
      held += finalizer.string() == finalizer_of(sharer) ? 1 : 0;
  }
  return held;
}

void Checker::find_blocked(const Cluster& cluster) {
  blocked_.clear();
  waiting_.clear();
  for (const auto& [sharer, life] : lives_) {
    if (is_claim(sharer) && !life.deleting && (life.declares.empty() || !is_admitted(sharer, life))) blocked_.insert(sharer);
    for (const auto& [key, declared] : life.declares) {
      if (life.deleting) continue;
      const std::string definition = definition_of(key);
      const bool served = definition.empty() || !cluster.stored(definition).is_null();
      if (!served) waiting_[sharer] = "Widget";
      if (served && is_refused(sharer, key, declared)) blocked_.insert(sharer);
    }
  }
}

// It does not get on, rightly, and says why.
void Checker::check_waiting(const std::string& sharer, const Life& life, const std::string& what) {
  const std::string told = write_json(life.object["status"]);
  if (life.object["status"]["status"].string() == "running")
    report(11, fmt::format("application {} is running although there is no {}", sharer, what));
  if (told.find(what) == std::string::npos)
    report(11, fmt::format("application {} waits and does not name {}: {}", sharer, what, told));
}

void Checker::check_sharers() {
  for (const auto& [sharer, life] : lives_) {
    if (asleep_.contains(sharer)) continue;
    if (life.deleting && sharer == kBoxes && held_box_claims("") != 0) {
      check_class(sharer, life);
    } else if (life.deleting) {
      report(7, fmt::format("{} hangs in deletion: {}", sharer, write_json(life.object["status"]["conditions"])));
    } else if (is_application(sharer)) {
      check_application(sharer, life);
    } else if (is_claim(sharer)) {
      check_claim(sharer, life);
    } else {
      check_class(sharer, life);
    }
    if (life.deleting || is_held_up(sharer)) continue;
    for (const auto& [key, declared] : life.declares) {
      const auto object = objects_.find(key);
      if (object == objects_.end() || is_deleting(object->second)) {
        report(4, fmt::format("{} declares {}, which does not exist", sharer, key));
        continue;
      }
      if (declared.read_only) continue;
      if (tampered_.contains(key)) continue;
      const Ownership ownership = read(object->second);
      if (declared.shared &&
          std::find(ownership.ledger.begin(), ownership.ledger.end(), sharer) == ownership.ledger.end())
        report(2, fmt::format("{} shares {} and is not in its ledger {}", sharer, key,
                              list_of(ownership.ledger)));
    }
  }
}

void Checker::check_application(const std::string& sharer, const Life& life) {
  if (const auto waits = waiting_.find(sharer); waits != waiting_.end()) {
    check_waiting(sharer, life, waits->second);
    return;
  }
  const JsonView status = life.object["status"];
  const bool has_conflicts = !status["conflicts"].empty();
  if (blocked_.contains(sharer)) {
    if (!has_conflicts)
      report(8, fmt::format("application {} is in conflict and does not say so: {}", sharer, write_json(status)));
    return;
  }
  if (has_conflicts)
    report(8, fmt::format("application {} reports a conflict that is not there: {}", sharer,
                          write_json(status["conflicts"])));
  if (status["observedGeneration"].int64() != life.generation)
    report(7, fmt::format("application {} is at generation {}, its status at {}", sharer, life.generation,
                          status["observedGeneration"].int64()));
  if (status["status"].string() != "running")
    report(7, fmt::format("application {} is {}: {}", sharer, status["status"].string("without a status"),
                          write_json(status["conditions"])));
}

void Checker::check_claim(const std::string& sharer, const Life& life) {
  const JsonView status = life.object["status"];
  const Ready is_ready = ready(life.object);
  if (life.object["spec"].contains("box") && !serves(boxes_)) {
    if (is_ready.status == "True") report(8, fmt::format("claim {} is ready although its class does not serve", sharer));
    return;
  }
  if (status["observedGeneration"].int64() != life.generation)
    report(7, fmt::format("claim {} is at generation {}, its status at {}", sharer, life.generation,
                          status["observedGeneration"].int64()));
  if (blocked_.contains(sharer)) {
    if (is_ready.status != "False")
      report(8, fmt::format("claim {} cannot have its object and does not say so: {}", sharer, write_json(status)));
    return;
  }
  if (status["phase"].string() != "Bound" || is_ready.status != "True")
    report(7, fmt::format("claim {} is not bound: {}", sharer, write_json(status)));
  for (const auto& [key, declared] : life.declares) {
    const auto object = objects_.find(key);
    if (object == objects_.end() || tampered_.contains(key)) continue;
    const std::vector<std::string> ledger = read(object->second).ledger;
    if (life.object["spec"].contains("box") && rejects_mismatches(boxes_) && read(object->second).owner != sharer &&
        is_application(read(object->second).owner) == false && differs(life.object, object->second))
      report(8, fmt::format("claim {} differs from {} and is bound although its class rejects that", sharer, key));
    const auto place = std::find(ledger.begin(), ledger.end(), sharer) - ledger.begin() + 1;
    if (status["claimCount"].int64() != static_cast<std::int64_t>(ledger.size()) ||
        status["position"].int64() != place || status["boundTo"]["uid"] != object->second["metadata"]["uid"])
      report(7, fmt::format("claim {} tells of another place than it has in {}: {}", sharer, list_of(ledger),
                            write_json(status)));
  }
}

void Checker::check_class(const std::string& sharer, const Life& life) {
  const JsonView kind = life.object["spec"]["claim"];
  const std::string plural(kind["plural"].exists() ? kind["plural"].string() : "boxclaims");
  const std::string claims_of = fmt::format("{}.{}:", plural, kind["group"].string());
  std::int64_t claims = 0;
  for (const auto& [claimant, claim] : lives_)
    if (claimant.starts_with(claims_of))
      for (const JsonView finalizer : claim.object["metadata"]["finalizers"].elements())
        claims += finalizer.string() == finalizer_of(claimant) ? 1 : 0;
  const JsonView status = life.object["status"];
  if (sharer == kBoxes && !serves(boxes_) && ready(boxes_).status != "False")
    report(8, fmt::format("{} does not serve and does not say so: {}", sharer, write_json(status)));
  if (sharer == kBoxes && is_spoilt(boxes_)) return;  // what are its claims it cannot say
  if (status["claims"].int64() != claims)
    report(7, fmt::format("{} counts {} claims, there are {}", sharer, status["claims"].int64(), claims));
}

void Checker::check_object(const std::string& key, const Json& object) {
  const Ownership ownership = read(object);
  if (!ownership.managed()) return;
  std::set<std::string> rightful, tolerated;
  for (const auto& [sharer, life] : lives_) {
    if (life.deleting) continue;
    if (is_held_up(sharer)) {
      if (life.ever.contains(key)) tolerated.insert(sharer);
    } else if (life.lives_and_declares(key)) {
      rightful.insert(sharer);
    }
  }
  // What somebody had for itself who was removed by force, or what was written last in its name: nobody's to collect.
  const bool stays = ownership.ledger.empty() && is_of_forced_life(ownership) && !rightful.contains(ownership.owner);
  // A version in conflict collects nothing, of a former life neither.
  const std::vector<std::string> everyone = ownership.everyone();
  const bool waits = std::any_of(everyone.begin(), everyone.end(),
                                 [this](const std::string& sharer) { return is_held_up(sharer); });
  if (rightful.empty() && is_retained(ownership)) {
    if (serves(boxes_) && boxes_["spec"]["retainSeconds"].int64() != 0)
      report(5, fmt::format("{} is kept by its class although its time is over", key));
    if (!serves(boxes_) || boxes_["spec"]["retainSeconds"].int64() == 0) return;
  }
  if (rightful.empty() && tolerated.empty()) {
    const bool loose = std::any_of(everyone.begin(), everyone.end(),
                                   [this](const std::string& sharer) { return loose_.contains(sharer); });
    if (!stays && !waits && !loose && !tampered_.contains(key))
      report(5, fmt::format("{} was left behind (owner {}, ledger {})", key, ownership.owner,
                            list_of(ownership.ledger)));
    return;
  }
  if (tampered_.contains(key) || stays) return;
  if (!ownership.ledger.empty() && ownership.ledger.front() != ownership.owner)
    report(2, fmt::format("{}: the owner is {}, the ledger {}", key, ownership.owner,
                          list_of(ownership.ledger)));
  for (const std::string& entry : everyone)
    if (!rightful.contains(entry) && !tolerated.contains(entry) && !is_held_up(entry) &&
        !(rightful.empty() && loose_.contains(entry)))  // nobody is there who might strike it out
      report(9, fmt::format("{}: {} does not declare it and is listed (owner {}, ledger {})", key, entry,
                            ownership.owner, list_of(ownership.ledger)));
  const auto owner = lives_.find(ownership.owner);
  if (owner == lives_.end()) return;
  const bool is_rightful = rightful.contains(ownership.owner);
  if (is_rightful) {
    const Json& manifest = owner->second.declares.at(key).manifest;
    if (!is_in_force(manifest, object))
      report(4, fmt::format("{} is not as its owner {} declares it: {}", key, ownership.owner,
                            write_json(content_of(object))));
    const JsonView written = manifest["stringData"].exists() ? manifest["stringData"] : manifest["data"];
    std::vector<std::string> rest = leftovers(written, object["data"]);
    for (std::string& field : leftovers(manifest["spec"], object["spec"])) rest.push_back(std::move(field));
    for (std::string& label : leftovers(manifest["metadata"]["labels"], object["metadata"]["labels"]))
      rest.push_back(std::move(label));
    const auto released = released_.find(key);
    if (released != released_.end())
      std::erase_if(rest, [&released](const std::string& name) { return released->second.contains(name); });
    if (!rest.empty())
      report(4, fmt::format("{} keeps what its owner {} does not declare: {}", key, ownership.owner,
                            list_of(rest)));
  }
}

void Checker::check_leftovers(const Cluster& cluster) {
  for (const auto& [key, stored] : cluster.all()) {
    std::string sharer;
    const JsonView metadata = stored->value["metadata"];
    if (key.starts_with(kTrackers)) {
      const JsonView labels = metadata["labels"];
      sharer = sharer_of_labels(labels["app.oam.dev/namespace"].string(), labels["app.oam.dev/name"].string());
      const auto life = lives_.find(sharer);
      if (life != lives_.end() && labels["app.oam.dev/uid"].string() != life->second.uid &&
          !is_held_up(sharer) && !loose_.contains(sharer))
        report(5, fmt::format("{} is of a former life of {}", key, sharer));
    } else if (key.starts_with(kRevisions)) {
      sharer = fmt::format("{}/{}", metadata["namespace"].string(),
                           metadata["labels"]["app.oam.dev/name"].string());
    } else {
      continue;
    }
    if (!lives_.contains(sharer) && !asleep_.contains(sharer)) report(5, fmt::format("{} was left behind by {}", key, sharer));
  }
}

void Checker::at_rest(const Cluster& cluster, bool settled) {
  if (!settled) report(7, "it does not come to rest");
  find_blocked(cluster);
  check_sharers();
  for (const auto& [key, object] : objects_) check_object(key, object);
  check_leftovers(cluster);
}

}  // namespace heirloom::simulation
