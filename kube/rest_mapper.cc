#include "kube/rest_mapper.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/turnstile.h"

namespace heirloom::kube {
namespace {

Status kind_unknown(const GroupKind& kind, const std::string& version) {
  const std::string group = kind.group.empty() ? "core" : kind.group;
  StatusDetails details;
  details.group = kind.group;
  details.kind = kind.kind;
  details.causes.push_back({std::string(kKindUnknown), "discovery does not list the kind", {}});
  const std::string where =
      version.empty() ? fmt::format("API group {}", group) : fmt::format("{}/{}", group, version);
  return {
      404, reasons::kNotFound,
      fmt::format("the server does not know kind {} in {}; install its CustomResourceDefinition, or correct "
                  "apiVersion and kind",
                  kind.kind, where),
      std::move(details)};
}

std::string document_path(const std::string& group, const std::string& version) {
  return group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
}

// Versions of one group, preferred first.
Result<std::vector<std::string>> parse_versions(JsonView document, const std::string& group) {
  std::vector<std::string> versions;
  if (group.empty()) {  // APIVersions: a list of strings
    for (const JsonView version : document["versions"].elements()) versions.emplace_back(version.string());
    if (versions.empty()) return internal_error("discovery: /api lists no versions");
    return versions;
  }
  if (document["kind"].string() != "APIGroup")
    return internal_error(fmt::format("discovery: /apis/{} is not an APIGroup", group));
  const std::string preferred(document["preferredVersion"]["version"].string());
  if (!preferred.empty()) versions.push_back(preferred);
  for (const JsonView each : document["versions"].elements()) {
    const std::string version(each["version"].string());
    if (!version.empty() && version != preferred) versions.push_back(version);
  }
  return versions;
}

const ResourceInfo* find_kind(const std::vector<ResourceInfo>& resources, const std::string& kind) {
  for (const ResourceInfo& info : resources)
    if (info.kind.kind == kind) return &info;
  return nullptr;
}

}  // namespace

bool ResourceInfo::can(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

bool is_kind_unknown(const Status& status) { return is_not_found(status) && status.has_cause(kKindUnknown); }

bool says_kind_is_gone(const Status& status) { return is_not_found(status) && status.details().name.empty(); }

std::vector<ResourceInfo> parse_resource_list(JsonView document, const std::string& group,
                                              const std::string& version) {
  std::vector<ResourceInfo> resources;
  const JsonView list = document["resources"];
  for (const JsonView item : list.elements()) {
    const std::string name(item["name"].string());
    if (name.empty() || name.find('/') != std::string::npos) continue;
    ResourceInfo info;
    info.resource.group = info.kind.group = group;
    info.resource.version = info.kind.version = version;
    info.resource.resource = name;
    info.kind.kind = std::string(item["kind"].string());
    info.namespaced = item["namespaced"].boolean();
    for (const JsonView verb : item["verbs"].elements()) info.verbs.emplace_back(verb.string());
    resources.push_back(std::move(info));
  }
  for (const JsonView item : list.elements()) {
    const std::string_view name = item["name"].string();
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) continue;
    for (ResourceInfo& info : resources)
      if (info.resource.resource == name.substr(0, slash))
        info.subresources.emplace_back(name.substr(slash + 1));
  }
  return resources;
}

struct RestMapper::State {
  State(Executor executor, Api* api_in, Clock* clock_in, RestMapperOptions options_in)
      : api(api_in), clock(clock_in), options(options_in), reading(std::move(executor)) {}

  // How fresh a document has to be: sent at this time or later, and after that many requests. Counting tells
  // two moments apart that a clock shows alike.
  struct Freshness {
    MonotonicTime since;
    std::uint64_t after_request = 0;
  };
  struct Document {
    MonotonicTime began;       // when the request for it was sent
    std::uint64_t number = 0;  // which request it was
    bool is(const Freshness& fresh) const { return began >= fresh.since && number > fresh.after_request; }
    bool present = false;                 // false: the server answered 404
    std::vector<ResourceInfo> resources;  // of a version
    std::vector<std::string> versions;    // of a group
  };
  using DocumentPtr = std::shared_ptr<const Document>;  // a kept one is given out as it is, to every look-up
  // Key: the document's path. Bounded by what is asked for: kinds in manifests and what they replaced.
  static constexpr std::size_t kMaxDocuments = 4096;

  // The kept document if it is fresh enough, else read again.
  Task<Result<DocumentPtr>> document(std::string path, std::string group, std::string version,
                                  Freshness fresh_since) {
    KeyedTurnstile::Pass pass = co_await reading.enter(path);
    const auto kept = documents.find(path);
    if (kept != documents.end() && kept->second->is(fresh_since)) co_return kept->second;
    RawRequest request;
    request.path = path;
    Document fresh;
    fresh.began = clock->monotonic();
    fresh.number = ++requests;
    Result<RawResponse> response = co_await api->raw(std::move(request));
    if (!response.ok()) co_return annotate(std::move(response).status(), "discovery of " + path);
    const int code = response->code;
    if (code != 200 && code != 404)
      co_return Status(code >= 400 ? code : 500, reasons::kServiceUnavailable,
                       fmt::format("discovery of {} failed: the server answered HTTP {}", path, code));
    if (code == 200) {
      Result<Json> parsed = Json::parse(response->body);
      if (!parsed.ok()) co_return annotate(internal_error(parsed.status().message()), "discovery of " + path);
      fresh.present = true;
      if (version.empty()) {
        Result<std::vector<std::string>> versions = parse_versions(*parsed, group);
        if (!versions.ok()) co_return std::move(versions).status();
        fresh.versions = std::move(versions).value();
      } else {
        if ((*parsed)["kind"].string() != "APIResourceList")
          co_return internal_error("discovery of " + path + ": not an APIResourceList");
        fresh.resources = parse_resource_list(*parsed, group, version);
      }
    }
    if (documents.size() >= kMaxDocuments) documents.clear();
    DocumentPtr document = std::make_shared<const Document>(std::move(fresh));
    documents[path] = document;
    co_return document;
  }

  Freshness kept(const std::string& group) const {
    Freshness fresh;
    fresh.since = clock->monotonic() - options.max_age;
    const auto at = invalid_groups.find(group);
    fresh.after_request = at == invalid_groups.end() ? invalid_before : std::max(invalid_before, at->second);
    return fresh;
  }
  // For a second look after a miss.
  Freshness after_miss(Freshness fresh) const {
    fresh.since = std::max(fresh.since, clock->monotonic() - options.min_refresh);
    return fresh;
  }

  Task<Result<std::optional<ResourceInfo>>> look(GroupVersionKind kind, Freshness fresh_since) {
    const std::string path = document_path(kind.group, kind.version);
    Result<DocumentPtr> found = co_await document(path, kind.group, kind.version, fresh_since);
    if (!found.ok()) co_return std::move(found).status();
    const ResourceInfo* info = find_kind((*found)->resources, kind.kind);
    std::optional<ResourceInfo> result;
    if (info != nullptr) result = *info;
    co_return result;
  }

  // The kind in any version of its group, preferred first.
  Task<Result<std::optional<ResourceInfo>>> look_everywhere(GroupKind kind, Freshness fresh_since) {
    const std::string path = kind.group.empty() ? std::string("/api") : "/apis/" + kind.group;
    Result<DocumentPtr> group = co_await document(path, kind.group, "", fresh_since);
    if (!group.ok()) co_return std::move(group).status();
    const std::vector<std::string> versions = (*group)->versions;
    for (const std::string& version : versions) {
      GroupVersionKind gvk;
      gvk.group = kind.group;
      gvk.version = version;
      gvk.kind = kind.kind;
      Result<std::optional<ResourceInfo>> found = co_await look(std::move(gvk), fresh_since);
      if (!found.ok()) co_return std::move(found).status();
      if (found->has_value()) co_return found;
    }
    std::optional<ResourceInfo> none;
    co_return none;
  }

  // Every kind of a group, in the first version that serves it, preferred first.
  Task<Result<std::vector<ResourceInfo>>> served_by(std::string name, Freshness fresh_since) {
    const std::string path = name.empty() ? std::string("/api") : "/apis/" + name;
    const Result<DocumentPtr> group = co_await document(path, name, "", fresh_since);
    if (!group.ok()) co_return group.status();
    std::vector<ResourceInfo> resources;
    const std::vector<std::string> versions = (*group)->versions;
    for (const std::string& version : versions) {
      const std::string at = document_path(name, version);
      const Result<DocumentPtr> found = co_await document(at, name, version, fresh_since);
      if (!found.ok()) co_return found.status();
      for (const ResourceInfo& resource : (*found)->resources)
        if (find_kind(resources, resource.kind.kind) == nullptr) resources.push_back(resource);
    }
    co_return resources;
  }

  Api* api;
  Clock* clock;
  RestMapperOptions options;
  KeyedTurnstile reading;  // one request per document at a time; the others take its result
  std::map<std::string, DocumentPtr> documents;
  std::map<std::string, std::uint64_t> invalid_groups;  // documents up to this request are stale
  std::uint64_t invalid_before = 0;
  std::uint64_t requests = 0;
};

RestMapper::RestMapper(Executor executor, Api* api, Clock* clock, RestMapperOptions options)
    : state_(std::make_unique<State>(std::move(executor), api, clock, options)) {}
RestMapper::~RestMapper() = default;

std::uint64_t RestMapper::requests() const { return state_->requests; }

Task<Result<ResourceInfo>> RestMapper::resource_for(GroupVersionKind kind) {
  const State::Freshness kept = state_->kept(kind.group);
  Result<std::optional<ResourceInfo>> found = co_await state_->look(kind, kept);
  if (found.ok() && !found->has_value()) {
    const State::Freshness again = state_->after_miss(kept);
    found = co_await state_->look(kind, again);
  }
  if (!found.ok()) co_return std::move(found).status();
  if (found->has_value()) co_return **found;
  GroupKind missing;
  missing.group = kind.group;
  missing.kind = kind.kind;
  co_return kind_unknown(missing, kind.version);
}

Task<Result<ResourceInfo>> RestMapper::preferred_resource_for(GroupKind kind) {
  const State::Freshness kept = state_->kept(kind.group);
  Result<std::optional<ResourceInfo>> found = co_await state_->look_everywhere(kind, kept);
  if (found.ok() && !found->has_value()) {
    const State::Freshness again = state_->after_miss(kept);
    found = co_await state_->look_everywhere(kind, again);
  }
  if (!found.ok()) co_return std::move(found).status();
  if (found->has_value()) co_return **found;
  co_return kind_unknown(kind, "");
}

Task<Result<bool>> RestMapper::is_gone(GroupKind kind) {
  State::Freshness from_now;
  from_now.since = state_->clock->monotonic();
  from_now.after_request = state_->requests;
  Result<std::optional<ResourceInfo>> found = co_await state_->look_everywhere(std::move(kind), from_now);
  if (!found.ok()) co_return std::move(found).status();
  co_return !found->has_value();
}

Task<Result<std::vector<ResourceInfo>>> RestMapper::all_resources() {
  RawRequest request;
  request.path = "/apis";
  const Result<RawResponse> response = co_await state_->api->raw(std::move(request));
  ++state_->requests;
  if (!response.ok()) co_return annotate(response.status(), "discovery of /apis");
  const Result<Json> groups = Json::parse(response->code == 200 ? response->body : std::string());
  if (!groups.ok())
    co_return Status(503, reasons::kServiceUnavailable,
                     fmt::format("discovery of /apis failed: the server answered HTTP {}", response->code));
  std::vector<std::string> names{""};
  for (const JsonView group : (*groups)["groups"].elements()) names.emplace_back(group["name"].string());

  State::Freshness from_now;
  from_now.since = state_->clock->monotonic();
  from_now.after_request = state_->requests;
  std::vector<ResourceInfo> resources;
  for (const std::string& name : names) {
    Result<std::vector<ResourceInfo>> served = co_await state_->served_by(name, from_now);
    if (!served.ok()) co_return std::move(served).status();
    for (ResourceInfo& resource : *served) resources.push_back(std::move(resource));
  }
  co_return resources;
}

void RestMapper::invalidate(std::string group) {
  if (state_->invalid_groups.size() >= State::kMaxDocuments) return invalidate_all();
  state_->invalid_groups[std::move(group)] = state_->requests;
}

void RestMapper::invalidate_all() {
  state_->invalid_groups.clear();
  state_->invalid_before = state_->requests;
}

}  // namespace heirloom::kube
