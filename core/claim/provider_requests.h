// ProviderRequests: what Kratix' NamespaceClaim asks of Kratix' Namespace Promise, a request named like the claimed
// namespace in the namespace `default`. People watch these, so they are there wherever a Promise has brought their kind.
// They are told from the claims, never counted: a request that we made holds nothing, whoever deletes it changes
// nothing. A person's own request is a claim like any other, and is never touched.
#pragma once

#include <map>
#include <set>
#include <string>

#include "apis/sharer_key.h"
#include "base/json.h"
#include "core/application/context.h"
#include "core/claim/class_registry.h"
#include "core/claim/definitions.h"
#include "dispatcher/sharer_watch.h"
#include "kube/controller.h"

namespace heirloom::core {

// SharerKey::kind of either.
inline constexpr std::string_view kNamespaceClaims = "namespaceclaims.marketplace.kratix.io";
inline constexpr std::string_view kProviderRequests = "namespaces.marketplace.kratix.io";

class ProviderRequests {
 public:
  // All outlive this.
  ProviderRequests(Context* context, const ClassRegistry* registry, const Definitions* definitions)
      : context_(context), registry_(registry), definitions_(definitions) {}

  // Told of every change of a NamespaceClaim, echoes of our own writes included. Returns the requests to look at.
  std::set<SharerKey> claim_changed(const dispatcher::SharerWatch::Change& change);
  // NamespaceClaims are watched no more, or will be listed again.
  void forget() {
    namespaces_.clear();
    claims_of_.clear();
  }
  // Requests that are wanted, or may not be.
  std::set<SharerKey> all() const;

  // Whether the request is, or would be, ours to look after. False for a person's own.
  bool concerns(const SharerKey& key) const;
  Task<Result<kube::Requeue>> reconcile(SharerKey key);

 private:
  bool serves() const;
  Json wanted_status(const SharerKey& key) const;
  Task<Result<kube::Requeue>> make(SharerKey key);
  Task<Result<kube::Requeue>> remove(SharerKey key);
  Task<Result<kube::Requeue>> keep(SharerKey key);

  Context* context_;
  const ClassRegistry* registry_;
  const Definitions* definitions_;
  std::map<SharerKey, std::string> namespaces_;            // of claims that are bound to one
  std::map<std::string, std::set<SharerKey>> claims_of_;   // the other way round
};

}  // namespace heirloom::core
