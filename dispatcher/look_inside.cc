#include "dispatcher/look_inside.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/gather.h"

namespace heirloom::dispatcher {
namespace {

using policies::Contents;

constexpr int kPage = 500;

// Shared by the lists of one look.
struct Look {
  const Environment* environment = nullptr;
  SharerKey leaver;
  std::string ns;  // "" = everywhere
  Contents contents;
  std::set<std::string> uids;  // one object may be served by two groups
};

void take(Look& look, const kube::ResourceInfo& resource, const Json& object) {
  const JsonView metadata = object["metadata"];
  if (!look.uids.emplace(metadata["uid"].string()).second) return;
  const ObjectKey key{"local", resource.kind.group, resource.kind.kind, std::string(metadata["namespace"].string()),
                      std::string(metadata["name"].string())};
  look.contents.objects.push_back(policies::read_inside(object, key, look.leaver));
}

Task<Status> list_kind(std::shared_ptr<Look> look, kube::ResourceInfo resource) {
  const kube::Collection collection{resource.resource, look->ns};
  kube::ListOptions options;
  options.limit = kPage;
  options.metadata_only = true;
  while (true) {
    const Result<kube::ListPage> page = co_await look->environment->api->list(collection, options);
    if (!page.ok()) co_return page.status();
    for (const Json& object : page->items) {
      if (look->contents.objects.size() >= kMaxInside) {
        look->contents.complete = false;
        co_return Status();
      }
      take(*look, resource, object);
    }
    if (page->continue_token.empty()) break;
    options.continue_token = page->continue_token;
  }
  look->contents.kinds.insert({resource.kind.group, resource.kind.kind});
  co_return Status();
}

Task<Result<Contents>> look_into_namespace(std::shared_ptr<Look> look) {
  const Result<std::vector<kube::ResourceInfo>> resources = co_await look->environment->mapper->all_resources();
  if (!resources.ok()) co_return resources.status();
  std::vector<Task<Status>> lists;
  for (const kube::ResourceInfo& resource : *resources) {
    // What cannot be deleted is a view of something else (metrics). Events count for nothing and may be many.
    const bool stored = resource.namespaced && resource.can("list") && resource.can("delete");
    if (stored && resource.kind.kind != "Event") lists.push_back(list_kind(look, resource));
  }
  const std::vector<Status> done = co_await gather(std::move(lists), look->environment->options.concurrency);
  for (const Status& status : done)
    if (!status.ok() && !is_not_found(status)) co_return status;  // a kind that is gone has no objects
  co_return std::move(look->contents);
}

bool is_established(JsonView definition) {
  for (const JsonView condition : definition["status"]["conditions"].elements())
    if (condition["type"].string() == "Established") return condition["status"].string() == "True";
  return false;
}

Task<Result<Contents>> look_at_instances(std::shared_ptr<Look> look, Json definition) {
  if (!is_established(definition)) co_return std::move(look->contents);  // nobody ever could make one
  const JsonView spec = definition["spec"];
  std::string served;
  for (const JsonView version : spec["versions"].elements())
    if (served.empty() && version["served"].boolean()) served = version["name"].string();
  if (served.empty())
    co_return invalid("no version of it is served, so its instances cannot be seen; serve one, or delete it with "
                      "garbage-collect propagation cascading");
  kube::ResourceInfo resource;
  resource.kind = {std::string(spec["group"].string()), served, std::string(spec["names"]["kind"].string())};
  resource.resource = {resource.kind.group, served, std::string(spec["names"]["plural"].string())};
  const Status status = co_await list_kind(look, resource);
  if (!status.ok()) co_return status;
  co_return std::move(look->contents);
}

}  // namespace

Task<Result<Contents>> look_inside(const Environment* environment, ObjectKey key, Json object, SharerKey leaver) {
  auto look = std::make_shared<Look>();
  look->environment = environment;
  look->leaver = std::move(leaver);
  Result<Contents> contents = Contents();
  if (policies::is_namespace(key)) {
    look->ns = key.name;
    contents = co_await look_into_namespace(std::move(look));
  } else {
    contents = co_await look_at_instances(std::move(look), std::move(object));
  }
  if (!contents.ok())
    co_return annotate(std::move(contents).status(), fmt::format("cannot look into {} before it is deleted", key.to_string()));
  co_return contents;
}

}  // namespace heirloom::dispatcher
