#include "server/testing/test_server.h"

#include "server/local_api.h"
#include "server/resource_version.h"
#include "server/store/commit_runner.h"

namespace heirloom::server {

TestServer::TestServer(std::uint64_t seed, Storage storage)
    : storage_(storage), world_(seed), disk_(seed), random_(seed) {
  restart();
}

TestServer::~TestServer() { crash(); }

void TestServer::crash() {
  if (loop_ == nullptr) return;
  server_->abandon();
  loop_->abandon();
  api_.reset();
  server_.reset();
  store_.reset();
  loop_.reset();
  disk_.lose_power(FaultyDisk::PowerLoss::DropAll);
}

void TestServer::restart() {
  crash();
  loop_ = std::make_unique<SimulatedLoop>(world_, "server");
  StoreOptions options;
  options.stamp = stamp_resource_version;
  if (storage_ == Storage::Memory) {
    store_ = make_memory_store(options, loop_->executor(), &world_.clock());
  } else {
    DiskOptions disk;
    disk.directory = "/store";
    disk.vfs = disk_.vfs();
    auto runner = make_loop_commit_runner(loop_->executor());
    auto opened = open_store(disk, options, loop_->executor(), &world_.clock(), std::move(runner));
    HEIRLOOM_ASSERT(opened.ok());
    store_ = std::move(opened).value();
  }
  server_ =
      std::make_unique<ApiServer>(loop_->executor(), &world_.clock(), &random_, store_.get(), &metrics_);
  api_ = make_local_api(server_.get());
  const Status started = await(server_->start());
  HEIRLOOM_ASSERT(started.ok());
}

Result<Json> TestServer::create(std::string_view json) {
  TRY(Json object, Json::parse(json));
  const auto gvk = gvk_of(object);
  const auto resource = server_->registry().find_kind(gvk.group, gvk.kind);
  if (resource == nullptr) return bad_request("no such kind: " + gvk.kind);
  kube::Collection collection;
  collection.resource = GroupVersionResource{gvk.group, gvk.version, resource->plural};
  if (resource->namespaced()) {
    const auto ns = object["metadata"]["namespace"].string();
    collection.ns = ns.empty() ? "default" : std::string(ns);
  }
  return await(api_->create(collection, std::move(object), kube::WriteOptions()));
}

Result<Json> TestServer::get(kube::ObjectRef ref) {
  return await(api_->get(std::move(ref), kube::GetOptions()));
}

Result<Json> TestServer::merge(kube::ObjectRef ref, std::string_view json) {
  TRY(Json patch, Json::parse(json));
  return await(api_->patch(std::move(ref), kube::PatchType::Merge, std::move(patch), kube::WriteOptions()));
}

Result<Json> TestServer::remove(kube::ObjectRef ref, kube::Propagation propagation) {
  kube::RemoveOptions options;
  options.propagation = propagation;
  return await(api_->remove(std::move(ref), options));
}

kube::ObjectRef TestServer::ref(std::string_view api_version, std::string_view resource, std::string_view ns,
                                std::string_view name) {
  kube::ObjectRef out;
  const auto slash = api_version.find('/');
  if (slash != std::string_view::npos) out.resource.group = std::string(api_version.substr(0, slash));
  out.resource.version =
      std::string(slash == std::string_view::npos ? api_version : api_version.substr(slash + 1));
  out.resource.resource = std::string(resource);
  out.ns = std::string(ns);
  out.name = std::string(name);
  return out;
}

}  // namespace heirloom::server
