#include "core/application/revisions.h"

#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "apis/application_revision.h"
#include "apis/labels.h"
#include "dispatcher/sharers.h"
#include "policies/revision_limit.h"

namespace heirloom::core {
namespace {

// Names left behind by lost statuses are few; more than this is not that.
constexpr int kMaxTakenNames = 20;

}  // namespace

LatestRevision revision_of(const Application& application) {
  const std::string hash = revision_hash(application.spec);
  const std::optional<LatestRevision>& latest = application.status.latest_revision;
  if (latest && latest->revision_hash == hash) return *latest;
  const std::int64_t number = (latest ? latest->revision : 0) + 1;
  return {revision_name(application.metadata.name, number), number, hash};
}

Task<Result<LatestRevision>> ensure_revision(const dispatcher::Environment* environment, Application application,
                                             LatestRevision revision) {
  const std::optional<LatestRevision>& latest = application.status.latest_revision;
  if (latest && *latest == revision) co_return revision;
  for (int attempt = 0; attempt < kMaxTakenNames; ++attempt) {
    const Json body = encode_application_revision(new_revision(application, revision.revision));
    const kube::Collection collection{dispatcher::kRevisions, application.metadata.ns};
    kube::WriteOptions options;
    options.deadline = environment->clock->monotonic() + environment->options.write_timeout;
    const Result<Json> answer = co_await environment->api->create(collection, body, options);
    if (answer.ok()) co_return revision;
    if (!is_already_exists(answer.status()))
      co_return annotate(answer.status(), fmt::format("cannot write ApplicationRevision {}", revision.name));
    const kube::ObjectRef ref{dispatcher::kRevisions, application.metadata.ns, revision.name};
    const kube::GetOptions get;
    const Result<Json> found = co_await environment->api->get(ref, get);
    if (found.ok() && (*found)["metadata"]["labels"][labels::kAppRevisionHash].string() == revision.revision_hash)
      co_return revision;  // ours, from before a crash
    ++revision.revision;
    revision.name = revision_name(application.metadata.name, revision.revision);
  }
  co_return Status(409, reasons::kAlreadyExists,
                   fmt::format("ApplicationRevisions up to {} exist with other content; delete those of former "
                               "applications of this name", revision.name));
}

Task<void> prune_revisions(const dispatcher::Environment* environment, Application application, std::string latest,
                           policies::GarbageCollectPolicy policy) {
  const kube::Collection collection{dispatcher::kRevisions, application.metadata.ns};
  kube::ListOptions list;
  list.label_selector = fmt::format("{}={}", labels::kName, application.metadata.name);
  list.metadata_only = true;
  const Result<kube::ListPage> page = co_await environment->api->list(collection, list);
  if (!page.ok()) co_return;
  std::map<std::string, std::string> uids;
  std::vector<std::string> names;
  for (const Json& item : page->items) {
    const JsonView metadata = item["metadata"];
    names.emplace_back(metadata["name"].string());
    uids.emplace(names.back(), metadata["uid"].string());
  }
  const std::vector<std::string> going =
      policies::revisions_to_delete(application.metadata.name, names, latest, policy);
  for (const std::string& name : going) {
    const kube::ObjectRef ref{dispatcher::kRevisions, application.metadata.ns, name};
    kube::RemoveOptions options;
    options.deadline = environment->clock->monotonic() + environment->options.write_timeout;
    options.uid = uids[name];
    const Result<Json> answer = co_await environment->api->remove(ref, options);
    if (!answer.ok() && !is_not_found(answer.status())) co_return;
  }
}

}  // namespace heirloom::core
