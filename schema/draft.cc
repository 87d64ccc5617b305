#include "schema/draft.h"

#include <algorithm>

#include "base/assert.h"

namespace heirloom::schema {

std::vector<Draft::Member>& Draft::members() {
  if (kind_ == Kind::Borrowed) {
    HEIRLOOM_ASSERT(view_.is_object());
    members_.reserve(view_.size());
    for (const JsonMember member : view_.members())
      members_.emplace_back(std::string(member.key), Draft(member.value));
    kind_ = Kind::Object;
  }
  HEIRLOOM_ASSERT(kind_ == Kind::Object);
  return members_;
}

std::vector<Draft>& Draft::elements() {
  if (kind_ == Kind::Borrowed) {
    HEIRLOOM_ASSERT(view_.is_array());
    elements_.reserve(view_.size());
    for (const JsonView element : view_.elements()) elements_.emplace_back(element);
    kind_ = Kind::Array;
  }
  HEIRLOOM_ASSERT(kind_ == Kind::Array);
  return elements_;
}

Draft* Draft::find(std::string_view key) {
  for (Member& member : members())
    if (member.first == key) return &member.second;
  return nullptr;
}

void Draft::set(std::string_view key, Draft value) {
  if (Draft* existing = find(key))
    *existing = std::move(value);
  else
    members_.emplace_back(std::string(key), std::move(value));
}

bool Draft::erase(std::string_view key) {
  std::vector<Member>& all = members();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Member& m) { return m.first == key; });
  if (at == all.end()) return false;
  all.erase(at);
  return true;
}

JsonView Draft::peek(std::string_view key) const {
  if (kind_ == Kind::Borrowed) return view_[key];
  for (const Member& member : members_)
    if (member.first == key && member.second.is_borrowed()) return member.second.view();
  return {};
}

std::size_t Draft::depth() const {
  if (kind_ == Kind::Borrowed) return view_.depth();
  std::size_t deepest = 0;
  for (const Member& member : members_) deepest = std::max(deepest, member.second.depth());
  for (const Draft& element : elements_) deepest = std::max(deepest, element.depth());
  return deepest + 1;
}

void Draft::write(JsonBuilder& out) const {
  switch (kind_) {
    case Kind::Borrowed:
      out.value(view_);
      return;
    case Kind::Object:
      out.begin_object();
      for (const auto& [key, value] : members_) {
        out.key(key);
        value.write(out);
      }
      out.end_object();
      return;
    case Kind::Array:
      out.begin_array();
      for (const Draft& element : elements_) element.write(out);
      out.end_array();
      return;
  }
}

Json Draft::to_json() const {
  JsonBuilder out;
  write(out);
  return out.take();
}

}  // namespace heirloom::schema
