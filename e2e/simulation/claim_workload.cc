#include "e2e/simulation/claim_workload.h"

#include <iterator>

#include <fmt/format.h>

namespace heirloom::simulation {
namespace {

constexpr std::string_view kClass = "/heirloom.dev/claimclasses/boxes";
// The first of each is also what applications declare.
constexpr const char* kNamespaces[] = {"team", "spare"};
constexpr const char* kBoxes[] = {"common", "box"};
constexpr int kShortestRetention = 10;  // seconds
constexpr const char* kSizes[] = {"small", "medium", "large"};
constexpr const char* kByHand[] = {"/core/configmaps/default/box", "/core/namespaces/spare",
                                   "/core/configmaps/default/common"};

std::string key_of(bool box, const std::string& name) {
  return box ? "/sim.example.com/boxclaims/default/" + name
             : "/marketplace.kratix.io/namespaceclaims/default/" + name;
}

}  // namespace

ClaimWorkload::ClaimWorkload(Cluster* cluster, std::uint64_t seed, const Mix& mix)
    : cluster_(cluster), random_(seed ^ 0xc1a1ULL), mix_(mix),
      when_empty_(chance(60) ? "Delete" : chance(60) ? "Retain" : "Orphan") {
  if (!mix_.classes) return;
  rejects_ = chance(35);
  adopts_ = chance(40);
  // A clock that jumps would have it last for days.
  if (when_empty_ == "Retain" && !mix_.jumps && chance(50)) retain_seconds_ = kShortestRetention + static_cast<int>(random_.below(60));
}

void ClaimWorkload::say(const std::string& what, const Status& status) {
  cluster_->say("user: " + what);
  if (!status.ok()) cluster_->say("  " + status.message());
}

// ConfigMaps, with a label that changes with every edit of the class, and a parameter. Now and then its author leaves a
// brace out.
Json ClaimWorkload::class_object() {
  ++version_;
  const Json labels = Json::object({{"class", fmt::format("v{}", version_)}});
  const Json metadata = Json::object({{"name", "${spec.box}"}, {"namespace", "default"}, {"labels", labels}});
  const bool spoilt = mix_.classes && chance(15);
  const Json data = Json::object({{"from", "boxes"}, {"size", spoilt ? "${spec.size" : "${spec.size:-small}"}});
  return Json::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata}, {"data", data}});
}

void ClaimWorkload::add_rules(JsonBuilder& spec) {
  if (rejects_) spec.member("onMismatch", "Reject");
  if (adopts_) spec.member("adoption", "IfUnowned");
  if (retain_seconds_ != 0) spec.member("retainSeconds", retain_seconds_);
  if (chance(20)) spec.member("allowedNamespaces", Json::array({chance(50) ? "elsewhere-*" : "def*"}));
  if (!chance(35)) return;
  spec.key("limits").begin_object();
  spec.member(chance(60) ? "claimsPerTarget" : "claimsPerNamespace", static_cast<int>(1 + random_.below(2)));
  spec.end_object();
}

Json ClaimWorkload::claim_class() {
  JsonBuilder spec;
  spec.begin_object();
  spec.member("claim", Json::object({{"group", "sim.example.com"}, {"version", "v1"}, {"kind", "BoxClaim"}}));
  spec.member("key", Json::array({"spec.box"})).member("object", class_object()).member("whenEmpty", when_empty_);
  if (mix_.classes) add_rules(spec);
  spec.end_object();
  return Json::object({{"apiVersion", "heirloom.dev/v1alpha1"},
                       {"kind", "ClaimClass"},
                       {"metadata", Json::object({{"name", "boxes"}})},
                       {"spec", spec.take()}});
}

Json ClaimWorkload::claim(bool box, const std::string& name) {
  JsonBuilder spec;
  spec.begin_object();
  const bool spoilt = chance(8);
  if (box) {
    if (!spoilt) spec.member("box", kBoxes[random_.below(std::size(kBoxes))]);
    if (chance(60)) spec.member("size", kSizes[random_.below(std::size(kSizes))]);
  } else {
    spec.member("namespaceName", spoilt ? "Not_A_Name" : kNamespaces[random_.below(std::size(kNamespaces))]);
  }
  spec.end_object();
  const Json metadata = Json::object({{"name", name}, {"namespace", "default"}});
  return Json::object({{"apiVersion", box ? "sim.example.com/v1" : "marketplace.kratix.io/v1alpha1"},
                       {"kind", box ? "BoxClaim" : "NamespaceClaim"},
                       {"metadata", metadata},
                       {"spec", spec.take()}});
}

void ClaimWorkload::edit_by_hand() {
  const std::string key = kByHand[random_.below(std::size(kByHand))];
  if (cluster_->stored(key).is_null()) return;
  if (chance(50)) {
    say("deletes by hand " + key, cluster_->remove(key));
    return;
  }
  const Json labels = Json::object({{"class", "edited"}, {"hand", "yes"}});
  const Json metadata = Json::object({{"labels", labels}});
  say("edits by hand " + key, cluster_->patch(key, Json::object({{"metadata", metadata}})));
}

void ClaimWorkload::act_on_claim() {
  const bool box = chance(60);
  const std::string name = fmt::format("claim{}", 1 + random_.below(3));
  const std::string key = key_of(box, name);
  const std::uint64_t what = random_.below(100);
  if (cluster_->stored(key).is_null()) {
    say("creates " + key, cluster_->apply_object(claim(box, name)));
  } else if (what < 40) {
    say("deletes " + key, cluster_->remove(key));
  } else if (mix_.force && what < 48) {
    const Json none = Json::array();
    const Json metadata = Json::object({{"finalizers", none}});
    say("takes the finalizers of " + key, cluster_->patch(key, Json::object({{"metadata", metadata}})));
    say("deletes " + key, cluster_->remove(key));
  } else {
    say("edits " + key, cluster_->apply_object(claim(box, name)));
  }
}

void ClaimWorkload::act() {
  if (cluster_->stored(kClass).is_null()) {
    say("creates the class of boxes", cluster_->apply_object(claim_class()));
  } else if (mix_.classes && chance(6)) {
    say("deletes the class of boxes", cluster_->remove(kClass));
  } else if (chance(mix_.classes ? 14 : 8)) {
    say("edits the class of boxes", cluster_->apply_object(claim_class()));
  } else if (mix_.by_hand && chance(15)) {
    edit_by_hand();
  } else {
    act_on_claim();
  }
}

}  // namespace heirloom::simulation
