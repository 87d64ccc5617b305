// A value being patched: parts that nobody touched stay borrowed views, touched objects and lists are spread
// out. Internal to the patches. The Json behind every view put in must outlive the draft.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace heirloom::schema {

class Draft {
 public:
  using Member = std::pair<std::string, Draft>;

  Draft(JsonView view) : view_(view) {}  // NOLINT: a view is the simplest draft
  static Draft object() { return Draft(Kind::Object); }
  static Draft array() { return Draft(Kind::Array); }

  bool is_object() const { return kind_ == Kind::Object || (kind_ == Kind::Borrowed && view_.is_object()); }
  bool is_array() const { return kind_ == Kind::Array || (kind_ == Kind::Borrowed && view_.is_array()); }
  bool is_borrowed() const { return kind_ == Kind::Borrowed; }
  JsonView view() const { return view_; }  // meaningful when borrowed

  // Spread out on first use; only on objects and on lists.
  std::vector<Member>& members();
  std::vector<Draft>& elements();

  Draft* find(std::string_view key);  // null: no such member
  void set(std::string_view key, Draft value);
  bool erase(std::string_view key);

  // A member's value as it stands, without spreading anything out; Missing when it is no plain view.
  JsonView peek(std::string_view key) const;

  std::size_t depth() const;  // as JsonView::depth

  void write(JsonBuilder& out) const;
  Json to_json() const;

 private:
  enum class Kind { Borrowed, Object, Array };
  explicit Draft(Kind kind) : kind_(kind) {}
  Kind kind_ = Kind::Borrowed;
  JsonView view_;
  std::vector<Member> members_;
  std::vector<Draft> elements_;
};

}  // namespace heirloom::schema
