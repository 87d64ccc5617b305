#include "core/claim/claim_pass.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "apis/labels.h"
#include "base/hash.h"
#include "core/blockers.h"
#include "core/clean_manifest.h"
#include "policies/claim_admission.h"

namespace heirloom::core {
namespace {

using dispatcher::Manifest;
using dispatcher::ObjectOutcome;
using dispatcher::ObjectState;
using kube::Requeue;

// An unknown kind may be installed any time, and no watch tells.
constexpr Duration kUnknownKindRetry = std::chrono::seconds(30);

// What of a class a decision about an object depends on, beside the manifest.
std::uint64_t hash_of(const ClaimClass& claim_class) {
  return hash_combine(hash_bytes(to_string(claim_class.spec.adoption)), hash_bytes(claim_class.metadata.name));
}

// Whose parameters the content is made of: those in force, unless differing claims are rejected and the claim is alone.
std::optional<ClaimParameters> parameters_of(const policies::ClaimBasis& basis) {
  return basis.alone.value_or(false) ? std::nullopt : parse_claim_parameters(basis.parameters);
}

policies::PolicySet policies_for(const ClaimClass& claim_class, const std::string& name) {
  policies::PolicySet policies;
  policies::Selector everything;
  everything.resource_names = {name};
  policies.shared.push_back(everything);
  if (claim_class.spec.adoption == Adoption::IfUnowned) policies.take_over.push_back(everything);
  return policies;
}

}  // namespace

ClaimPass::ClaimPass(Context* context, Claims* claims, Claim claim, Json object, GroupVersionResource resource)
    : context_(context), claims_(claims), claim_(std::move(claim)), object_(std::move(object)), me_(claim_.key()),
      resource_(std::move(resource)), record_(claim_record(object_)) {
  ClaimMemory& memory = claims_->memory(me_);
  if (memory.uid != claim_.metadata.uid) {
    memory = ClaimMemory();
    memory.uid = claim_.metadata.uid;
  }
  memory_ = &memory;
}

ClaimPass::ClaimPass(const ClaimPass& outer, Claim as_was, ClaimMemory* memory)
    : context_(outer.context_), claims_(outer.claims_), claim_(std::move(as_was)), object_(outer.object_), me_(outer.me_),
      resource_(outer.resource_), memory_(memory), record_(outer.record_), keeping_(true) {}

const KnownClass* ClaimPass::known_class() const { return claims_->registry().of_kind(me_.kind); }

// By what Kratix shows that it reconciles the claim, or will; "" = it does not. It marks a claim some time after it was
// created, but the kind when it installs it.
std::string ClaimPass::who_else() const {
  if (claim_.managed_by_kratix()) return "its label or finalizers say so";
  if (!claims_->definitions().is_of_kratix(me_.kind)) return {};
  return fmt::format("label {} of CustomResourceDefinition {} says so; take it away when Kratix is gone",
                     labels::kKratixPromise, me_.kind);
}

Task<Result<Requeue>> ClaimPass::run() {
  const bool ours = claim_.metadata.has_finalizer(finalizers::kClaim);
  if (const std::string sign = who_else(); !sign.empty() && !ours) {
    if (!std::exchange(memory_->stays_out, true)) {
      kube::EventNote event;
      event.regarding = kube::reference_to(object_);
      event.type = kube::EventType::Warning;
      event.reason = claim_reasons::kManagedByKratix;
      event.message = fmt::format("Kratix reconciles this claim ({}); Heirloom leaves it alone", sign);
      context_->environment->events->record(std::move(event));
    }
    co_return Requeue::none();
  }
  if (claim_.metadata.is_deleting()) {
    co_await finalize();
  } else {
    co_await converge();
    co_await keep_held();
    std::vector<LookedAt> objects;
    if (findings_.outcome && findings_.refused.empty()) {
      Result<GroupVersionKind> gvk = parse_api_version(target_->api_version, target_->key.kind);
      objects.push_back({*findings_.outcome, std::move(gvk).value()});
    }
    co_await watch_blockers(context_, me_, std::move(objects));
  }
  if (!written_) {
    const Status status = co_await write_status();
    if (!status.ok()) co_return status;
  }
  co_return next_visit();
}

Task<void> ClaimPass::converge() {
  if (!understand()) co_return;
  if (const ClaimedObject* held = held_object(); held != nullptr) awaits_.insert(held->key);
  const bool looked = co_await look();
  if (!looked) co_return;
  if (class_goes_ && !record_->lists(target_->key)) {
    refuse_class();
    co_return;
  }
  if (!admit()) co_return;

  const bool recorded = record_ && !record_->targets.empty() && record_->targets.front().key == target_->key;
  if (check_->in_conflict && !recorded) co_return;
  if (check_->outcomes.front().state == ObjectState::Waiting && !recorded) co_return;  // nothing is begun yet
  ClaimRecord wanted;
  wanted.when_empty = to_string(class_->spec.when_empty);
  wanted.targets.push_back({target_->api_version, target_->key, target_->key_fields});
  for (ClaimedObject& former : former_targets()) wanted.targets.push_back(std::move(former));
  const bool written = co_await record(std::move(wanted));
  if (!written) co_return;

  if (!check_->in_order) {
    dispatcher::CarryOutOptions options;
    options.healthy = [](const Manifest&, const ObjectOutcome&) { return true; };
    dispatcher::Check check = std::move(*check_);
    dispatcher::Report report = co_await context_->dispatcher->carry_out(std::move(check), memory_->objects, options);
    find(std::move(report.outcomes.front()));
  }
  if (findings_.outcome->settled()) co_await let_go_of_former();
  if (findings_.outcome->settled() && class_goes_) refuse_class();
}

// What the claim is bound to, unless that is what it wants.
const ClaimedObject* ClaimPass::held_object() const {
  if (!record_ || !claim_.status.bound_to) return nullptr;
  const ObjectKey bound = claim_.status.bound_to->key();
  if (target_ && target_->key == bound) return nullptr;
  const auto held = std::find_if(record_->targets.begin(), record_->targets.end(),
                                 [&bound](const ClaimedObject& target) { return target.key == bound; });
  return held == record_->targets.end() || held->fields.is_null() ? nullptr : &*held;
}

// As long as the claim does not have what it wants now it keeps what it has: put back when it is changed, made again
// when it is deleted.
Task<void> ClaimPass::keep_held() {
  const ClaimedObject* held = held_object();
  // Whatever else was refused: once it has what it wants, it is letting go of the other one.
  const bool has = findings_.outcome && findings_.outcome->settled();
  if (has || held == nullptr) {
    memory_->held.reset();
    co_return;
  }
  if (!memory_->held) memory_->held = std::make_shared<ClaimMemory>(*memory_);
  const std::shared_ptr<ClaimMemory> memory = memory_->held;
  ObjectKey key = held->key;
  ClaimPass pass(*this, policies::with_key_fields(claim_, held->fields), memory.get());
  if (target_) pass.awaits_.insert(target_->key);
  co_await pass.keep(std::move(key));
  retry_ = retry_ || pass.retry_;
  if (pass.return_after_ && (!return_after_ || *pass.return_after_ < *return_after_)) return_after_ = pass.return_after_;
}

Task<void> ClaimPass::keep(ObjectKey held) {
  if (!understand()) co_return;
  const bool looked = co_await look();
  // An edited class may lead elsewhere with the same fields; then there is nothing to tell what it should be.
  if (!looked || target_->key != held || check_->in_order || check_->in_conflict) co_return;
  const ObjectOutcome& outcome = check_->outcomes.front();
  if (outcome.state == ObjectState::Waiting) co_return;
  if (outcome.action == policies::Action::Create || outcome.action == policies::Action::Join) {
    const bool holds = co_await still_holds(std::move(held));
    if (!holds) co_return;
  }
  dispatcher::CarryOutOptions options;
  options.healthy = [](const Manifest&, const ObjectOutcome&) { return true; };
  dispatcher::Check check = std::move(*check_);
  dispatcher::Report report = co_await context_->dispatcher->carry_out(std::move(check), memory_->objects, options);
  find(std::move(report.outcomes.front()));
}

// The record that the cache shows may be older than our last one, which let the object go: had it been made again,
// nothing would say that it is ours.
Task<bool> ClaimPass::still_holds(ObjectKey held) {
  const kube::ObjectRef claim = ref();
  const kube::GetOptions options;
  const Result<Json> now = co_await context_->environment->api->get(claim, options);
  const std::optional<ClaimRecord> recorded = now.ok() ? claim_record(*now) : std::nullopt;
  const bool holds = recorded && recorded->lists(held) && (*now)["metadata"]["uid"].string() == claim_.metadata.uid;
  if (!holds) retry_ = true;
  co_return holds;
}

// Everything that can be said without asking anybody.
bool ClaimPass::understand() {
  if (const std::string sign = who_else(); !sign.empty()) {
    refuse(std::string(claim_reasons::kManagedByKratix),
           fmt::format("Kratix reconciles this claim, too ({}); its object stays as it is", sign));
    return false;
  }
  const KnownClass* known = known_class();
  class_goes_ = known != nullptr && known->fault.ok() && !known->serves();
  const bool holds = record_ && !record_->targets.empty();
  if (known == nullptr || (class_goes_ && !holds)) {
    refuse_class();
    return false;
  }
  if (!known->fault.ok()) {
    refuse(std::string(claim_reasons::kClassInvalid), known->fault.message());
    return false;
  }
  if (!record_) {
    refuse(std::string(claim_reasons::kReconcileError),
           fmt::format("annotation {} cannot be read; remove it: status.boundTo stands in", annotations::kClaimTargets));
    return false;
  }
  class_ = known->claim_class;
  Result<policies::Target> target = policies::target_of(*class_, claim_);
  if (!target.ok()) {
    refuse(target.status());
    return false;
  }
  own_parameters_ = target->parameters;
  target_ = std::move(target).value();
  findings_.target = target_text(target_->key);
  return true;
}

void ClaimPass::refuse_class() {
  const KnownClass* known = known_class();
  const std::string what = known == nullptr
                               ? fmt::format("no ClaimClass serves {}", claim_.gvk.kind)
                               : fmt::format("ClaimClass {} is being deleted", known->claim_class.metadata.name);
  refuse(std::string(claim_reasons::kClassDeleted),
         fmt::format("{}; create one, or delete this claim: what it holds stays until then", what));
}

// The version of one manifest that this claim stands for.
Task<bool> ClaimPass::plan(policies::ClaimBasis basis) {
  const std::optional<ClaimParameters> parameters = parameters_of(basis);
  Result<policies::Target> target = policies::target_of(*class_, claim_, parameters ? &*parameters : nullptr);
  if (!target.ok()) {
    refuse(target.status());
    co_return false;
  }
  target_ = std::move(target).value();
  Manifest manifest;
  Result<GroupVersionKind> gvk = parse_api_version(target_->api_version, target_->key.kind);
  if (!gvk.ok()) {
    refuse(gvk.status());
    co_return false;
  }
  manifest.gvk = std::move(gvk).value();
  manifest.key = target_->key;
  std::vector<std::string> dropped;
  manifest.declared = clean_manifest(target_->manifest, target_->key.name, target_->key.ns, "spec.object", dropped);
  const Json made_from = Json::string(format_claim_parameters(target_->parameters));
  manifest.desired = rewrite(manifest.declared,
                             {set_at({"metadata", "annotations", std::string(annotations::kClaimParameters)}, made_from)});
  manifest.basis = std::move(basis);
  std::vector<Manifest> manifests;
  manifests.push_back(std::move(manifest));
  Result<std::vector<Manifest>> resolved = co_await context_->dispatcher->resolve(std::move(manifests));
  if (!resolved.ok()) {
    if (is_not_found(resolved.status())) return_after_ = kUnknownKindRetry;
    else retry_ = true;
    refuse(std::string(claim_reasons::kWaiting), resolved.status().message());
    co_return false;
  }
  target_->key = resolved->front().key;
  findings_.target = target_text(target_->key);

  auto version = std::make_shared<dispatcher::Version>();
  version->me = me_;
  version->uid = claim_.metadata.uid;
  version->generation = claim_.metadata.generation;
  version->policies = policies_for(*class_, target_->key.name);
  version->manifests = std::move(resolved).value();
  // Declared without a break only as the present target: what was about to be let go of comes back with a new mark.
  version->awaited = awaits_;
  if (!record_->targets.empty() && (keeping_ || record_->targets.front().key == target_->key)) version->tracked.insert(target_->key);
  version_ = std::move(version);
  if (const std::uint64_t hash = hash_of(*class_); memory_->class_hash != hash) {
    context_->table->doubt(me_);
    memory_->class_hash = hash;
  }
  co_return true;
}

// Looks at the object. Its content follows from the parameters that it was made from, which stand on it: when another
// state is found than the manifest was made for, it is made again.
Task<bool> ClaimPass::look() {
  if (memory_->target != target_->key) {
    if (memory_->target && !memory_->held && !keeping_) memory_->held = std::make_shared<ClaimMemory>(*memory_);
    memory_->target = target_->key;
    memory_->in_force.clear();
  }
  for (int attempt = 0; attempt < 2; ++attempt) {
    retry_ = false;
    policies::ClaimBasis basis = basis_seen();
    const policies::ClaimBasis assumed = basis;
    const bool planned = co_await plan(std::move(basis));
    if (!planned) co_return false;
    check_ = co_await context_->dispatcher->check(version_, memory_->objects);
    find(check_->outcomes.front());
    const policies::ClaimBasis seen = basis_seen();
    const bool as_assumed = parameters_of(seen).value_or(own_parameters_) == parameters_of(assumed).value_or(own_parameters_);
    const bool moved = findings_.outcome->state == ObjectState::Pending && findings_.outcome->transient;
    if (as_assumed && !moved) co_return true;
  }
  retry_ = true;  // it changes under our eyes: start over
  written_ = true;
  co_return false;
}

// The state of the object as last seen. Of a verified one the table keeps no body: the memory does.
policies::ClaimBasis ClaimPass::basis_seen() const {
  const dispatcher::SeenObject* seen = context_->table->find(target_->key);
  const bool rejects = class_->spec.on_mismatch == OnMismatch::Reject;
  if (seen == nullptr) memory_->in_force.clear();
  const JsonView body = seen == nullptr ? JsonView() : seen->body.view();
  policies::ClaimBasis basis = policies::claim_basis(body, seen == nullptr ? nullptr : &seen->live, me_, rejects);
  if (body.is_object()) memory_->in_force = basis.parameters;
  else basis.parameters = memory_->in_force;
  return basis;
}

// Whether the class lets the claim have the object. What it has joined it keeps, whatever the class says since.
bool ClaimPass::admit() {
  const dispatcher::SeenObject* seen = context_->table->find(target_->key);
  bool joined = false;
  bool owner = false;
  policies::ClaimUsage usage;
  if (seen != nullptr) {
    owner = seen->live.owner == me_;
    joined = owner || policies::contains(seen->live.ledger, me_);
    for (const SharerKey& key : seen->live.ledger) usage.on_target += key.kind == me_.kind && key != me_ ? 1 : 0;
  }
  usage.in_namespace = claims_->holding(me_.kind, me_.ns, me_.name);
  const Status admitted =
      policies::admit_claim(*class_, claim_, *target_, usage, context_->options->own_namespace, joined);
  if (!admitted.ok()) {
    if (admitted.reason() == claim_reasons::kQuotaExceeded) claims_->wait_for_room(me_);
    refuse(admitted);
    return false;
  }
  if (owner) return true;
  // An object that an application made says nothing of parameters: then the content is compared.
  const std::optional<ClaimParameters> made_from = parse_claim_parameters(memory_->in_force);
  findings_.differing = made_from ? policies::mismatch(own_parameters_, *made_from) : findings_.outcome->divergence;
  if (findings_.differing.empty() || class_->spec.on_mismatch == OnMismatch::FirstWins) return true;
  std::string fields;
  for (const std::string& field : findings_.differing) fields += (fields.empty() ? "" : ", ") + field;
  refuse(std::string(claim_reasons::kMismatch),
         fmt::format("{} differ from what {} was made from; make them equal, or claim another one", fields,
                     findings_.target));
  findings_.differing.clear();
  return false;
}

std::vector<ClaimedObject> ClaimPass::former_targets() const {
  std::vector<ClaimedObject> former;
  const auto add = [this, &former](ClaimedObject object) {
    const bool known = object.key == target_->key ||
                       std::any_of(former.begin(), former.end(), [&object](const ClaimedObject& other) { return other.key == object.key; });
    if (!known) former.push_back(std::move(object));
  };
  for (const ClaimedObject& target : record_->targets) add(target);
  for (const ObjectKey& stray : claims_->strays(me_)) {
    const kube::ResourceInfo* resource = context_->watches->watched(stray.group_kind());
    if (resource != nullptr) add({resource->kind.api_version(), stray});
  }
  return former;
}

// Finalizer and record in one request, before the first effect. Nothing to write: no request.
Task<bool> ClaimPass::record(ClaimRecord wanted) {
  if (wanted.targets.size() > kMaxClaimTargets) {
    refuse(std::string(claim_reasons::kRetargeting), "too many former objects are not let go of yet");
    co_return false;
  }
  const std::string text = format_claim_record(wanted);
  const bool held = claim_.metadata.has_finalizer(finalizers::kClaim);
  if (held && claim_.metadata.annotation(annotations::kClaimTargets) == text) co_return true;
  claims_->hold(me_);
  JsonBuilder list;
  list.begin_array();
  for (const std::string& finalizer : claim_.metadata.finalizers) list.string(finalizer);
  if (!held) list.string(finalizers::kClaim);
  list.end_array();
  const Json all = list.take();
  const Json notes = Json::object({{annotations::kClaimTargets, text}});
  const Json metadata = Json::object({{"resourceVersion", claim_.metadata.resource_version}, {"uid", claim_.metadata.uid},
                                      {"finalizers", all}, {"annotations", notes}});
  const Json patch = Json::object({{"metadata", metadata}});
  const std::string before = context_->sharers->version(me_);
  const kube::WriteOptions options;
  const Result<Json> answer =
      co_await context_->environment->api->patch(ref(), kube::PatchType::Merge, patch, options);
  if (!answer.ok()) {
    retry_ = true;
    if (!held) claims_->hold_no_more(me_);
    if (is_conflict(answer.status()) || is_not_found(answer.status())) written_ = true;  // start over
    else refuse(std::string(claim_reasons::kReconcileError), annotate(answer.status(), "cannot record the target").message());
    co_return false;
  }
  context_->sharers->wrote(me_, *answer, before);
  object_ = *answer;
  const std::int64_t generation = claim_.metadata.generation;
  claim_ = decode_claim(object_, claim_.plural);
  record_ = std::move(wanted);
  if (claim_.metadata.generation == generation && !claim_.metadata.is_deleting()) co_return true;
  retry_ = true;  // edited meanwhile: start over
  written_ = true;
  co_return false;
}

void ClaimPass::find(ObjectOutcome outcome) {
  if (outcome.wants_retry()) retry_ = true;
  if (!outcome.body.is_null())
    memory_->in_force = outcome.body["metadata"]["annotations"][annotations::kClaimParameters].string();
  if (outcome.ask_again_after && (!return_after_ || *outcome.ask_again_after < *return_after_))
    return_after_ = outcome.ask_again_after;
  outcome.key = target_->key;
  findings_.outcome = std::move(outcome);
}

void ClaimPass::refuse(std::string reason, std::string sentence) {
  findings_.refused = std::move(reason);
  findings_.refusal = std::move(sentence);
}

void ClaimPass::refuse(const Status& status) { refuse(std::string(status.reason()), status.message()); }

Requeue ClaimPass::next_visit() const {
  if (written_ && !retry_) return Requeue::none();
  if (retry_) return Requeue::with_backoff();
  const Requeue regular = Requeue::after(context_->environment->random->jitter(context_->options->resync, 0.1));
  return return_after_ ? Requeue::sooner(regular, Requeue::after(*return_after_)) : regular;
}

}  // namespace heirloom::core
