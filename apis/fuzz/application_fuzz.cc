// An Application that can be read is the same after being written and read again; validating and hashing it
// never fail.
#include <cstdint>

#include "apis/application.h"
#include "apis/application_revision.h"
#include "base/assert.h"

using namespace heirloom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Json> json = Json::parse({reinterpret_cast<const char*>(data), size});
  if (!json.ok()) return 0;
  const Result<Application> application = decode_application(*json);
  if (!application.ok()) {
    HEIRLOOM_ASSERT(is_invalid(application.status()) && !application.status().details().causes.empty());
    return 0;
  }
  static_cast<void>(validate_application(*application));
  const Json written = encode_application(*application);
  const Result<Application> again = decode_application(written);
  HEIRLOOM_ASSERT(again.ok());
  HEIRLOOM_ASSERT(again->spec == application->spec);
  HEIRLOOM_ASSERT(write_json(encode_application(*again)) == write_json(written));
  HEIRLOOM_ASSERT(revision_hash(again->spec) == revision_hash(application->spec));
  return 0;
}
