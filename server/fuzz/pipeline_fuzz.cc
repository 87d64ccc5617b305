// [body, body]: a create and a replace of every built-in kind. Whatever is stored is stored again unchanged
// when it is sent back as it was answered: otherwise clients would see drift where nobody changed anything.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "server/builtin_resources.h"
#include "server/pipeline.h"
#include "server/resource_version.h"

namespace {

const std::vector<heirloom::server::ResourcePtr>& resources() {
  static const auto kResources = [] {
    std::vector<heirloom::server::ResourcePtr> out;
    for (auto& resource : heirloom::server::builtin_resources())
      out.push_back(std::make_shared<const heirloom::server::Resource>(std::move(resource)));
    return out;
  }();
  return kResources;
}

void try_kind(const heirloom::server::ResourcePtr& resource, const heirloom::Json& first,
              const heirloom::Json& second) {
  using namespace heirloom;
  using namespace heirloom::server;
  Call call;
  call.resource = resource;
  call.version = &resource->storage_version();
  call.request.verb = Verb::Create;
  if (resource->namespaced()) call.request.ns = "default";
  CreateFacts facts;
  facts.uid = "00000000-0000-4000-8000-000000000000";
  facts.time = "2026-01-01T00:00:00Z";
  facts.name_suffix = "abcde";
  const auto created = prepare_create(call, first, facts);
  if (!created.ok()) return;
  Json stored = stamp_resource_version(*created, 5);
  call.request.verb = Verb::Update;
  call.request.name = std::string(stored["metadata"]["name"].string());
  const auto replaced = prepare_update(call, second, stored, true);
  if (replaced.ok() && replaced->outcome == Proposal::Outcome::Store)
    stored = stamp_resource_version(replaced->object, 6);
  const auto again = prepare_update(call, stored, stored, false);
  HEIRLOOM_ASSERT(again.ok());
  HEIRLOOM_ASSERT(again->outcome == Proposal::Outcome::Unchanged);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heirloom;
  const Result<Json> input = Json::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!input.ok() || input->view().size() < 2) return 0;
  const Json first = input->view().element(0).to_json();
  const Json second = input->view().element(1).to_json();
  for (const auto& resource : resources()) try_kind(resource, first, second);
  return 0;
}
