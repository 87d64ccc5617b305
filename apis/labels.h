// Every label, annotation and finalizer the program reads or writes, once. The keys are KubeVela's, so that
// its command line, dashboards and scripts keep working; heirloom.dev/ is ours.
#pragma once

#include <string_view>

namespace heirloom {

namespace labels {
// Half each of the ownership key, on every managed object and tracker.
inline constexpr std::string_view kName = "app.oam.dev/name";
inline constexpr std::string_view kNamespace = "app.oam.dev/namespace";
inline constexpr std::string_view kUid = "app.oam.dev/uid";  // ResourceTracker: UID of the application
inline constexpr std::string_view kCluster = "app.oam.dev/cluster";
inline constexpr std::string_view kComponent = "app.oam.dev/component";
inline constexpr std::string_view kAppRevision = "app.oam.dev/appRevision";
inline constexpr std::string_view kAppRevisionHash = "app.oam.dev/app-revision-hash";
inline constexpr std::string_view kRevision = "app.oam.dev/revision";
inline constexpr std::string_view kResourceType = "app.oam.dev/resourceType";  // WORKLOAD or TRAIT
inline constexpr std::string_view kReplicaKey = "app.oam.dev/replicaKey";
inline constexpr std::string_view kWorkloadType = "workload.oam.dev/type";  // main object of a component only
inline constexpr std::string_view kTraitType = "trait.oam.dev/type";  // all others; or AuxiliaryWorkload
inline constexpr std::string_view kTraitResource = "trait.oam.dev/resource";
inline constexpr std::string_view kManageWorkload = "trait.oam.dev/manage-workload";
inline constexpr std::string_view kRenderHash = "oam.dev/render-hash";
inline constexpr std::string_view kAddonName = "addons.oam.dev/name";
inline constexpr std::string_view kPause = "controller.core.oam.dev/pause";
inline constexpr std::string_view kShard = "controller.core.oam.dev/scheduled-shard-id";
inline constexpr std::string_view kLegacyComponent = "controller.oam.dev/component";
// On the CustomResourceDefinition of a claim kind: the ClaimClass that keeps it. What tells a claim kind whose class
// is gone.
inline constexpr std::string_view kClaimClass = "heirloom.dev/claim-class";
// On a ClaimClass that the controller made itself from what is compiled in: its kind's definition is not the class' to
// make.
inline constexpr std::string_view kBuiltIn = "heirloom.dev/built-in";
// On a CustomResourceDefinition that the controller installed for a Promise: which one.
inline constexpr std::string_view kPromise = "heirloom.dev/promise";
// Kratix' own marks. The first on its resource requests: its controller reconciles them. The second on Promises.
inline constexpr std::string_view kKratixPromise = "kratix.io/promise-name";
inline constexpr std::string_view kKratixPromiseVersion = "kratix.io/promise-version";
}  // namespace labels

namespace annotations {
inline constexpr std::string_view kSharedBy = "app.oam.dev/shared-by";  // the ledger
inline constexpr std::string_view kRecord = "heirloom.dev/record";
inline constexpr std::string_view kLastApplied = "app.oam.dev/last-applied-configuration";
inline constexpr std::string_view kLastAppliedTime = "app.oam.dev/last-applied-time";
inline constexpr std::string_view kKubectlLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
inline constexpr std::string_view kResourceUrl = "app.oam.dev/resource-url";
inline constexpr std::string_view kVersion = "oam.dev/kubevela-version";
inline constexpr std::string_view kPublishVersion = "app.oam.dev/publishVersion";
inline constexpr std::string_view kAutoUpdate = "app.oam.dev/autoUpdate";
inline constexpr std::string_view kAutoRevision = "policy.oam.dev/auto-revision";
inline constexpr std::string_view kSkipGlobal = "policy.oam.dev/skip-global";
inline constexpr std::string_view kForceParamMutations = "app.oam.dev/force-param-mutations";
inline constexpr std::string_view kRestartWorkflow = "app.oam.dev/restart-workflow";
inline constexpr std::string_view kWorkflowName = "app.oam.dev/workflowName";
inline constexpr std::string_view kControllerVersionRequire = "app.oam.dev/controller-version-require";
inline constexpr std::string_view kReconcileInterval = "app.oam.dev/reconcile-interval";
inline constexpr std::string_view kServiceAccountName = "app.oam.dev/service-account-name";
inline constexpr std::string_view kUsername = "app.oam.dev/username";
inline constexpr std::string_view kGroup = "app.oam.dev/group";
inline constexpr std::string_view kFilterLabelKeys = "filter.oam.dev/label-keys";
inline constexpr std::string_view kFilterAnnotationKeys = "filter.oam.dev/annotation-keys";
inline constexpr std::string_view kInplaceUpgrade = "app.oam.dev/inplace-upgrade";
// On an object that stands for claims: the parameters its content was made from (apis/claim_class.h), so that a
// handover changes nothing.
inline constexpr std::string_view kClaimParameters = "heirloom.dev/claim-parameters";
// On a claim: the objects it may have created or joined (apis/claim_record.h).
inline constexpr std::string_view kClaimTargets = "heirloom.dev/claim-targets";
}  // namespace annotations

namespace finalizers {
inline constexpr std::string_view kApplication = "app.oam.dev/resource-tracker-finalizer";
inline constexpr std::string_view kOrphan =
    "app.oam.dev/orphan-resource";  // set by people: release, never delete
inline constexpr std::string_view kTracker = "resourcetracker.core.oam.dev/finalizer";
inline constexpr std::string_view kClaim = "heirloom.dev/claim";             // on claims of every kind
inline constexpr std::string_view kClaimClass = "heirloom.dev/claim-class";  // on a ClaimClass: claims or retained objects
inline constexpr std::string_view kKratixPrefix = "kratix.io/";              // of the finalizers Kratix sets on its requests
}  // namespace finalizers

// Labels and annotations below this prefix are ours alone; manifests may not set them.
inline constexpr std::string_view kOwnPrefix = "heirloom.dev/";
// Value of workload.oam.dev/type and trait.oam.dev/type for objects that are no trait of their own.
inline constexpr std::string_view kAuxiliaryWorkload = "AuxiliaryWorkload";
inline constexpr std::string_view kResourceTypeWorkload = "WORKLOAD";
inline constexpr std::string_view kResourceTypeTrait = "TRAIT";

// True for the metadata that says whose an object is (owner labels, ledger, record, last-applied,
// heirloom.dev/*): a manifest that sets one has it dropped, and that is said in a condition (design:
// manifests may not set them).
bool is_reserved_label(std::string_view key);
bool is_reserved_annotation(std::string_view key);

}  // namespace heirloom
