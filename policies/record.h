// The record: annotation heirloom.dev/record, one compact JSON object on everything we manage, written in the
// same request as what it describes, never of its own.
//
//   {"object":["apps","Deployment","default","web"],
//    "sharers":{"default/app1":"1b2c3d4e.7"},
//    "fields":{...}, "adopted":true, "retainedSince":"2026-01-02T03:04:05Z"}
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// The marks of the sharers in join order. A map that remembers the order in which its keys came: when labels and ledger
// are both gone, this order is what says who was first.
class Marks {
 public:
  using value_type = std::pair<SharerKey, std::string>;
  using const_iterator = std::vector<value_type>::const_iterator;

  Marks() = default;
  Marks(std::initializer_list<value_type> marks) : marks_(marks) {}
  explicit Marks(std::vector<value_type> marks) : marks_(std::move(marks)) {}  // no key twice

  const_iterator begin() const { return marks_.begin(); }
  const_iterator end() const { return marks_.end(); }
  std::size_t size() const { return marks_.size(); }
  bool empty() const { return marks_.empty(); }
  const_iterator find(const SharerKey& key) const;
  bool contains(const SharerKey& key) const { return find(key) != end(); }

  void emplace(SharerKey key, std::string mark);  // at the end, unless it is there
  void insert_or_assign(const SharerKey& key, std::string mark);  // in its place, or at the end
  void erase(const SharerKey& key);

  // `first` in their order, whatever else there is behind them in its own.
  Marks ordered_by(const std::vector<SharerKey>& first) const;

  bool operator==(const Marks&) const = default;  // the order counts

 private:
  std::vector<value_type> marks_;
};

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
