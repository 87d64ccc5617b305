// Whatever the parser accepts must read back equal after being written.
#include <cstdint>

#include "base/assert.h"
#include "base/yaml.h"

using namespace heirloom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<std::vector<Json>> documents =
      parse_yaml_documents({reinterpret_cast<const char*>(data), size});
  if (!documents.ok()) return 0;
  for (const Json& document : *documents) {
    const std::string text = write_yaml(document);
    if (document.view().depth() > 400) continue;
    const Result<Json> again = parse_yaml(text);
    // What began as JSON may hold whole doubles, which become integers.
    HEIRLOOM_ASSERT(again.ok() && *again == *Json::parse(write_json(document)));
  }
  return 0;
}
