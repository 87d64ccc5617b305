#include "policies/record.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace heirloom::policies {

namespace {

constexpr std::size_t kMarkUidLength = 8;

Status unreadable(std::string_view why) {
  return bad_request(fmt::format("annotation heirloom.dev/record: {}", why));
}

Result<ObjectKey> parse_object(JsonView json) {
  if (!json.is_array() || json.size() != 4) return unreadable("object: want [group, kind, namespace, name]");
  for (const JsonView part : json.elements())
    if (!part.is_string()) return unreadable("object: want four strings");
  ObjectKey key;
  key.group = json.element(0).string();
  key.kind = json.element(1).string();
  key.ns = json.element(2).string();
  key.name = json.element(3).string();
  return key;
}

}  // namespace

Marks::const_iterator Marks::find(const SharerKey& key) const {
  return std::find_if(begin(), end(), [&key](const value_type& mark) { return mark.first == key; });
}

void Marks::emplace(SharerKey key, std::string mark) {
  if (!contains(key)) marks_.emplace_back(std::move(key), std::move(mark));
}

void Marks::insert_or_assign(const SharerKey& key, std::string mark) {
  const auto at = find(key);
  if (at == end())
    marks_.emplace_back(key, std::move(mark));
  else
    marks_[static_cast<std::size_t>(at - begin())].second = std::move(mark);
}

void Marks::erase(const SharerKey& key) {
  if (const auto at = find(key); at != end()) marks_.erase(at);
}

Marks Marks::ordered_by(const std::vector<SharerKey>& first) const {
  std::map<SharerKey, const value_type*> rest;
  for (const value_type& mark : marks_) rest.emplace(mark.first, &mark);
  Marks ordered;
  for (const SharerKey& key : first)
    if (const auto at = rest.find(key); at != rest.end()) {
      ordered.marks_.push_back(*at->second);
      rest.erase(at);
    }
  for (const value_type& mark : marks_)
    if (rest.contains(mark.first)) ordered.marks_.push_back(mark);
  return ordered;
}

std::string make_mark(std::string_view uid, std::int64_t generation) {
  return fmt::format("{}.{}", uid.substr(0, kMarkUidLength), generation);
}

bool is_mark_of(std::string_view mark, std::string_view uid) {
  const std::string_view start = uid.substr(0, kMarkUidLength);
  return mark.size() > start.size() && mark.starts_with(start) && mark[start.size()] == '.';
}

std::string mark_for(std::string_view uid, std::int64_t generation, std::string_view stored_mark,
                     bool uninterrupted) {
  if (uninterrupted && is_mark_of(stored_mark, uid)) return std::string(stored_mark);
  return make_mark(uid, generation);
}

Result<Record> parse_record(std::string_view annotation) {
  Result<Json> parsed = Json::parse(annotation);
  if (!parsed.ok()) return unreadable(parsed.status().message());
  const Json json = *parsed;
  if (!json.is_object()) return unreadable("want an object");
  Record record;
  TRY(record.object, parse_object(json["object"]));
  const JsonView sharers = json["sharers"];
  if (sharers.exists() && !sharers.is_object()) return unreadable("sharers: want an object");
  std::vector<Marks::value_type> marks;
  std::set<SharerKey> seen;
  for (const JsonMember member : sharers.members()) {
    // An entry that cannot be read must not cost the others theirs: a lost mark can cost a sharer its object.
    std::optional<SharerKey> key = parse_sharer_key(member.key);
    if (key && member.value.is_string() && seen.insert(*key).second)
      marks.emplace_back(std::move(*key), std::string(member.value.string()));
  }
  record.sharers = Marks(std::move(marks));
  if (json["fields"].exists()) record.fields = json["fields"].to_json();
  const JsonView adopted = json["adopted"];
  if (adopted.exists() && !adopted.is_bool()) return unreadable("adopted: want a boolean");
  record.adopted = adopted.boolean();
  record.retained_since = json["retainedSince"].string();
  return record;
}

std::string format_record(const Record& record) {
  JsonBuilder builder;
  builder.begin_object();
  builder.key("object").begin_array();
  builder.string(record.object.group)
      .string(record.object.kind)
      .string(record.object.ns)
      .string(record.object.name);
  builder.end_array();
  builder.key("sharers").begin_object();
  for (const auto& [key, mark] : record.sharers) builder.member(to_string(key), mark);
  builder.end_object();
  if (record.fields && write_json(*record.fields).size() <= kMaxFieldsBytes)
    builder.member("fields", *record.fields);
  if (record.adopted) builder.member("adopted", true);
  builder.member_unless_empty("retainedSince", record.retained_since);
  builder.end_object();
  return write_json(builder.take());
}

}  // namespace heirloom::policies
