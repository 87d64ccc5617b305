#include "core/claim/provider_requests.h"

#include <utility>

#include <fmt/format.h>

#include "apis/claim.h"
#include "apis/labels.h"
#include "core/status_patch.h"
#include "schema/merge_patch.h"

namespace heirloom::core {
namespace {

// Of the status; status_patch.h says why.
constexpr std::string_view kWhole[] = {"phase", "conditions", "message", "target", "boundTo", "claimCount"};

using kube::Requeue;

// Kratix' pipeline asks there, wherever the claims are.
constexpr std::string_view kHome = "default";
// More claims are told as a number.
constexpr std::size_t kMaxNamed = 5;

const GroupVersionKind kRequestKind{"marketplace.kratix.io", "v1alpha1", "namespace"};
const GroupVersionResource kRequests{"marketplace.kratix.io", "v1alpha1", "namespaces"};

SharerKey request_for(const std::string& ns) { return {std::string(kProviderRequests), std::string(kHome), ns}; }

// Never what has been a claim: its finalizer says that it holds an object.
bool is_ours(JsonView request) {
  const ObjectMeta metadata = decode_metadata(request);
  const auto label = metadata.labels.find(labels::kClaimClass);
  return label != metadata.labels.end() && label->second == "namespaceclaims" &&
         !metadata.has_finalizer(finalizers::kClaim);
}

Json spec_for(const std::string& ns) { return Json::object({{"namespaceName", ns}}); }

std::string names_of(const std::set<SharerKey>& claims) {
  std::string names;
  std::size_t named = 0;
  for (const SharerKey& claim : claims) {
    if (named++ == kMaxNamed) return names + fmt::format(" and {} more", claims.size() - kMaxNamed);
    names += (names.empty() ? "" : ", ") + claim.ns + "/" + claim.name;
  }
  return names;
}

}  // namespace

std::set<SharerKey> ProviderRequests::claim_changed(const dispatcher::SharerWatch::Change& change) {
  const JsonView bound = change.object["status"]["boundTo"];
  const bool to_namespace = bound["kind"].string() == "Namespace" && bound["apiVersion"].string() == "v1";
  const std::string now(to_namespace ? bound["name"].string() : std::string_view());
  std::set<SharerKey> requests;
  if (const auto before = namespaces_.find(change.key); before != namespaces_.end()) {
    requests.insert(request_for(before->second));
    if (before->second == now) return requests;  // its count may be another
    std::set<SharerKey>& claims = claims_of_[before->second];
    claims.erase(change.key);
    if (claims.empty()) claims_of_.erase(before->second);
    namespaces_.erase(before);
  }
  if (now.empty()) return requests;
  namespaces_[change.key] = now;
  claims_of_[now].insert(change.key);
  requests.insert(request_for(now));
  return requests;
}

std::set<SharerKey> ProviderRequests::all() const {
  std::set<SharerKey> requests;
  for (const auto& [ns, claims] : claims_of_) requests.insert(request_for(ns));
  for (const SharerKey& key : context_->sharers->keys(std::string(kProviderRequests))) requests.insert(key);
  return requests;
}

// Where Kratix itself provides, it makes the requests, too.
bool ProviderRequests::serves() const {
  const KnownDefinition* definition = definitions_->find(std::string(kProviderRequests));
  const KnownClass* known = registry_->of_kind(std::string(kProviderRequests));
  return definition != nullptr && definition->usable() && !definition->of_kratix && known != nullptr &&
         known->serves() && context_->sharers->has_synced(std::string(kProviderRequests)) &&
         context_->sharers->has_synced(std::string(kNamespaceClaims));
}

bool ProviderRequests::concerns(const SharerKey& key) const {
  if (key.kind != kProviderRequests) return false;
  const Json* request = context_->sharers->find(key);
  return request != nullptr ? is_ours(*request) : key.ns == kHome && claims_of_.contains(key.name);
}

Task<Result<Requeue>> ProviderRequests::reconcile(SharerKey key) {
  if (!serves()) co_return Requeue::none();  // woken when it does
  const bool wanted = key.ns == kHome && claims_of_.contains(key.name);
  Result<Requeue> done = Requeue::none();
  if (context_->sharers->find(key) == nullptr) {
    done = co_await make(std::move(key));
  } else if (wanted) {
    done = co_await keep(std::move(key));
  } else {
    done = co_await remove(std::move(key));
  }
  co_return done;
}

Task<Result<Requeue>> ProviderRequests::make(SharerKey key) {
  const Json marks = Json::object({{labels::kClaimClass, "namespaceclaims"}});
  const Json metadata = Json::object({{"name", key.name}, {"namespace", key.ns}, {"labels", marks}});
  const Json spec = spec_for(key.name);
  const Json request = Json::object({{"apiVersion", kRequestKind.api_version()},
                                     {"kind", kRequestKind.kind},
                                     {"metadata", metadata},
                                     {"spec", spec}});
  const kube::Collection collection{kRequests, key.ns};
  const kube::WriteOptions options;
  const Result<Json> created = co_await context_->environment->api->create(collection, request, options);
  if (!created.ok() && !is_already_exists(created.status()))
    co_return annotate(created.status(), fmt::format("cannot make the provider's request {}/{}", key.ns, key.name));
  co_return Requeue::none();  // the watch tells
}

// Guarded by what was read: one that a person has made theirs meanwhile stays.
Task<Result<Requeue>> ProviderRequests::remove(SharerKey key) {
  const ObjectMeta metadata = decode_metadata(*context_->sharers->find(key));
  if (metadata.is_deleting()) co_return Requeue::none();
  kube::RemoveOptions options;
  options.uid = metadata.uid;
  options.resource_version = metadata.resource_version;
  const kube::ObjectRef ref{kRequests, key.ns, key.name};
  const Result<Json> removed = co_await context_->environment->api->remove(ref, options);
  if (removed.ok() || is_not_found(removed.status())) co_return Requeue::none();
  if (is_conflict(removed.status())) co_return Requeue::with_backoff();
  co_return annotate(removed.status(), fmt::format("cannot delete the provider's request {}/{}", key.ns, key.name));
}

Json ProviderRequests::wanted_status(const SharerKey& key) const {
  const std::set<SharerKey>& claims = claims_of_.at(key.name);
  ClaimStatus status;
  const Json* first = context_->sharers->find(*claims.begin());
  if (first != nullptr) {
    const ClaimStatus of_claim = decode_claim_status((*first)["status"]);
    status.bound_to = of_claim.bound_to;
    status.claim_count = of_claim.claim_count;
  }
  status.phase = claim_phases::kBound;
  status.target = fmt::format("Namespace/{}", key.name);
  status.message = fmt::format("made for the NamespaceClaims that hold the namespace: {}", names_of(claims));
  return encode_claim_status(status);
}

// What people changed is put back, and the status follows the claims'.
Task<Result<Requeue>> ProviderRequests::keep(SharerKey key) {
  const Json request = *context_->sharers->find(key);
  const Json wanted = wanted_status(key);
  const kube::ObjectRef ref{kRequests, key.ns, key.name};
  const std::string uid(request["metadata"]["uid"].string());
  const Json metadata = Json::object({{"uid", uid}});
  kube::WriteOptions options;
  if (const Json spec = spec_for(key.name); !(request["spec"] == spec.view())) {
    const Json present = request["spec"].is_object() ? request["spec"].to_json() : Json::object();
    const Json change = schema::merge_diff(present, spec);
    const Json patch = Json::object({{"metadata", metadata}, {"spec", change}});
    const Result<Json> patched = co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
    if (!patched.ok() && !is_not_found(patched.status()))
      co_return annotate(patched.status(), fmt::format("cannot keep the provider's request {}/{}", key.ns, key.name));
  }
  const Json stored = request["status"].is_object() ? request["status"].to_json() : Json::object();
  if (stored == wanted) co_return Requeue::none();
  const Json patch = status_patch(uid, stored, wanted, kWhole);
  options.subresource = "status";
  const Result<Json> told = co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
  if (!told.ok() && !is_not_found(told.status()))
    co_return annotate(told.status(), fmt::format("cannot write the status of the provider's request {}/{}", key.ns, key.name));
  co_return Requeue::none();
}

}  // namespace heirloom::core
