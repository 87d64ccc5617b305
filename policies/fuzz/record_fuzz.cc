// A record that can be read is the same after being written and read again; the object that carries it is
// read whatever the annotation holds.
#include <cstdint>

#include "apis/labels.h"
#include "base/assert.h"
#include "policies/live.h"

using namespace heirloom;
using namespace heirloom::policies;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Record> record = parse_record(text);
  if (record.ok()) {
    const Result<Record> again = parse_record(format_record(*record));
    HEIRLOOM_ASSERT(again.ok() && again->object == record->object && again->sharers == record->sharers);
    HEIRLOOM_ASSERT(!again->fields || again->fields == record->fields);
  }
  const Json annotations_json = Json::object({{annotations::kRecord, text}, {annotations::kSharedBy, text}});
  const Json metadata = Json::object({{"annotations", annotations_json}});
  const Json object = Json::object({{"metadata", metadata}});
  const LiveObject live = read_live(object, ObjectKey{"local", "", "ConfigMap", "n", "c"});
  HEIRLOOM_ASSERT(!live.copy || live.ledger.empty());
  return 0;
}
