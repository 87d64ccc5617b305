// A ResourceTracker that can be read is the same after being written and read again; damaged compression is
// an error.
#include <cstdint>

#include "apis/resource_tracker.h"
#include "base/assert.h"

using namespace heirloom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Json> json = Json::parse({reinterpret_cast<const char*>(data), size});
  if (!json.ok()) return 0;
  const Result<ResourceTracker> tracker = decode_resource_tracker(*json);
  if (!tracker.ok()) return 0;
  const Result<Json> written = encode_resource_tracker(*tracker);
  if (!written.ok()) return 0;
  const Result<ResourceTracker> again = decode_resource_tracker(*written);
  HEIRLOOM_ASSERT(again.ok() && again->resources == tracker->resources && again->type == tracker->type);
  for (const ManagedResource& resource : again->resources)
    HEIRLOOM_ASSERT(again->find(resource.key()) != nullptr);
  return 0;
}
