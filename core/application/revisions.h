// ApplicationRevisions: what a version was made of, kept for people and for going back.
#pragma once

#include <memory>
#include <string>

#include "apis/application.h"
#include "base/result.h"
#include "base/task.h"
#include "dispatcher/environment.h"
#include "policies/policy_set.h"

namespace heirloom::core {

// The revision this spec belongs to: the latest one when the content is the same, otherwise the next number. Pure.
LatestRevision revision_of(const Application& application);

// Sees to it that the revision exists. A name taken by other content moves on to the next free number; the answer is
// the revision that stands.
Task<Result<LatestRevision>> ensure_revision(const dispatcher::Environment* environment, Application application,
                                             LatestRevision revision);

// Deletes revisions beyond the limit (policies/revision_limit.h). One list of metadata, and a guarded DELETE for each.
// What goes wrong is left for the next version: revisions that stay too long hurt nobody.
Task<void> prune_revisions(const dispatcher::Environment* environment, Application application, std::string latest,
                           policies::GarbageCollectPolicy policy);

}  // namespace heirloom::core
