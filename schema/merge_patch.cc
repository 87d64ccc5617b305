#include "schema/merge_patch.h"

#include "base/assert.h"

namespace heirloom::schema {

namespace {

// target may be Missing.
void write_merged(JsonView target, JsonView patch, JsonBuilder& out) {
  if (!patch.is_object()) {
    out.value(patch);
    return;
  }
  out.begin_object();
  for (const JsonMember member : target.members()) {
    const JsonView change = patch[member.key];
    if (change.is_null()) continue;
    out.key(member.key);
    if (change.exists())
      write_merged(member.value, change, out);
    else
      out.value(member.value);
  }
  for (const JsonMember change : patch.members()) {
    if (change.value.is_null() || target.contains(change.key)) continue;
    out.key(change.key);
    write_merged({}, change.value, out);
  }
  out.end_object();
}

// A value as a patch must carry it: a merge patch cannot put a null into an object.
void write_without_nulls(JsonView value, JsonBuilder& out) {
  if (!value.is_object()) {
    out.value(value);
    return;
  }
  out.begin_object();
  for (const JsonMember member : value.members()) {
    if (member.value.is_null()) continue;
    out.key(member.key);
    write_without_nulls(member.value, out);
  }
  out.end_object();
}

// Where an object replaces something else, merging would still start from an empty object: fine, except that
// both being objects, members of `from` that `to` lacks need a null each.
void write_diff(JsonView from, JsonView to, JsonBuilder& out) {
  out.begin_object();
  for (const JsonMember member : from.members())
    if (!to.contains(member.key)) out.key(member.key).null();
  for (const JsonMember member : to.members()) {
    const JsonView before = from[member.key];
    if (before.exists() && before == member.value) continue;
    if (member.value.is_null()) {
      // Setting null is not possible, removing is the closest; absent before: nothing to remove.
      if (before.exists()) out.key(member.key).null();
      continue;
    }
    out.key(member.key);
    if (before.is_object() && member.value.is_object())
      write_diff(before, member.value, out);
    else
      write_without_nulls(member.value, out);
  }
  out.end_object();
}

}  // namespace

Json merge_patch(JsonView target, JsonView patch) {
  JsonBuilder out;
  write_merged(target, patch, out);
  return out.take();
}

Json merge_diff(JsonView from, JsonView to) {
  HEIRLOOM_ASSERT(from.is_object() && to.is_object());
  JsonBuilder out;
  write_diff(from, to, out);
  return out.take();
}

}  // namespace heirloom::schema
