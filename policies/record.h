// The record: annotation heirloom.dev/record, one compact JSON object on everything we manage, written in the
// same request as what it describes, never of its own.
//
//   {"object":["apps","Deployment","default","web"],
//    "sharers":{"default/app1":"1b2c3d4e.7"},
//    "fields":{...}, "adopted":true, "retainedSince":"2026-01-02T03:04:05Z"}
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom::policies {

// "uid8.generation": the first 8 characters of the sharer's UID and the generation at which it joined. It
// stays while consecutive versions declare the object; a sharer that comes back has another one, so that a
// delete or purge that was decided on its absence fails its guard.
std::string make_mark(std::string_view uid, std::int64_t generation);
// The mark to write: the stored one when it is this life's (same UID) and the sharer has declared the object
// without interruption since, otherwise a new one. `uninterrupted`: the last fully dispatched version
// declared the object.
std::string mark_for(std::string_view uid, std::int64_t generation, std::string_view stored_mark,
                     bool uninterrupted);
// True when the mark was made by this UID.
bool is_mark_of(std::string_view mark, std::string_view uid);

using Marks = std::map<SharerKey, std::string>;

struct Record {
  ObjectKey object;  // what the record was written on; another object's record makes a copy
  Marks sharers;
  std::optional<Json> fields;  // paths the owner declared (schema/field_set.h), never values; nullopt: the
                               // tracker stands in
  bool adopted = false;        // a claim adopted the object: release it, never delete it
  std::string retained_since;  // RFC 3339: when the last claim left and its class kept the object; "" = it is in use
  bool operator==(const Record&) const = default;
};

// `fields` larger than this are left out.
inline constexpr std::size_t kMaxFieldsBytes = 64 * 1024;

// Entries of `sharers` that cannot be read are skipped. Error: BadRequest. A record that cannot be read
// counts as none (people edit annotations), see live.h; the next write repairs it.
Result<Record> parse_record(std::string_view annotation);
std::string format_record(const Record& record);

}  // namespace heirloom::policies
