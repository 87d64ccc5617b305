#include "schema/strategic_merge.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "schema/draft.h"
#include "schema/field_error.h"

namespace heirloom::schema {

namespace {

constexpr std::string_view kDirective = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList";
constexpr std::string_view kOrderPrefix = "$setElementOrder";

// Elements are looked up by comparing: this bounds the comparisons of one list.
constexpr std::size_t kMaxListWork = 100'000'000;

Status failed(std::string message) { return {500, "", std::move(message)}; }

Status no_merge_key(JsonView element, std::string_view key) {
  return failed(fmt::format("map: {} does not contain declared merge key: {}", go_print(element), key));
}

Status unknown_directive(JsonView directive, JsonView map) {
  return failed(fmt::format("unknown patch type: {} in map: {}", go_print(directive), go_print(map)));
}

Status bad_format(std::string_view what) {
  return bad_request(fmt::format("invalid patch format of {}", what));
}

bool is_directive(std::string_view key) {
  return key == kDirective || key == kRetainKeys || key.starts_with(kDeletePrefix) ||
         key.starts_with(kOrderPrefix);
}

// "$setElementOrder/containers" -> "containers"; empty when there is no list name.
std::string_view list_name(std::string_view key) {
  const std::size_t slash = key.find('/');
  return slash == std::string_view::npos ? std::string_view() : key.substr(slash + 1);
}

// A part of the patch that has nothing to merge with: its directives and nulls have no further meaning.
Draft plain_copy(JsonView value) {
  if (value.is_object()) {
    Draft out = Draft::object();
    for (const JsonMember member : value.members())
      if (!is_directive(member.key) && !member.value.is_null())
        out.members().emplace_back(std::string(member.key), plain_copy(member.value));
    return out;
  }
  if (value.is_array()) {
    Draft out = Draft::array();
    for (const JsonView element : value.elements())
      if (!element.contains(kDirective)) out.elements().push_back(plain_copy(element));
    return out;
  }
  return Draft(value);
}

// Positions by key, for lists of any length.
class KeyOrder {
 public:
  explicit KeyOrder(std::vector<JsonView> keys) : keys_(std::move(keys)) {
    for (std::size_t i = 0; i < keys_.size(); ++i) positions_.emplace(hash_json(keys_[i]), i);
  }
  // -1: not there. Of equal keys the first.
  std::ptrdiff_t find(JsonView key) const {
    const auto at = positions_.find(hash_json(key));
    if (at == positions_.end() || !(keys_[at->second] == key)) return -1;
    return static_cast<std::ptrdiff_t>(at->second);
  }
  bool empty() const { return keys_.empty(); }

 private:
  std::vector<JsonView> keys_;
  std::unordered_map<std::uint64_t, std::size_t> positions_;
};

JsonView key_of(const Draft& element, std::string_view merge_key) {
  return merge_key.empty() ? element.view() : element.peek(merge_key);
}

JsonView key_of(JsonView element, std::string_view merge_key) {
  return merge_key.empty() ? element : element[merge_key];
}

std::vector<JsonView> keys_of(JsonView list, std::string_view merge_key) {
  std::vector<JsonView> keys;
  for (const JsonView element : list.elements()) keys.push_back(key_of(element, merge_key));
  return keys;
}

// The merged list in order: elements named in `order` in that order, the others as they were, and where both
// were there before, as they stood to each other before. Source: the design of $setElementOrder.
std::vector<Draft> in_order(std::vector<Draft> merged, const KeyOrder& order, const KeyOrder& before,
                            std::string_view merge_key) {
  struct Ranked {
    std::ptrdiff_t in_order, in_before;
    Draft draft;
  };
  std::vector<Ranked> named, others;
  for (Draft& element : merged) {
    const JsonView key = key_of(element, merge_key);
    Ranked ranked{order.find(key), before.find(key), std::move(element)};
    (ranked.in_order >= 0 ? named : others).push_back(std::move(ranked));
  }
  std::stable_sort(named.begin(), named.end(),
                   [](const Ranked& a, const Ranked& b) { return a.in_order < b.in_order; });
  std::stable_sort(others.begin(), others.end(),
                   [](const Ranked& a, const Ranked& b) { return a.in_before < b.in_before; });
  std::vector<Draft> out;
  std::size_t i = 0, j = 0;
  while (i < named.size() || j < others.size()) {
    bool take_other = i == named.size();
    if (i < named.size() && j < others.size())
      take_other =
          named[i].in_before >= 0 && others[j].in_before >= 0 && others[j].in_before < named[i].in_before;
    out.push_back(std::move((take_other ? others[j++] : named[i++]).draft));
  }
  return out;
}

Status merge_map(Draft& target, JsonView patch, const Node* node);

// Elements with a merge key.
Status merge_keyed(std::vector<Draft>& list, JsonView patch, const Node* items,
                   const std::string& merge_key) {
  bool replace = false;
  for (const JsonView element : patch.elements()) {
    if (!element.is_object()) return failed("list element types are not identical");
    const JsonView directive = element[kDirective];
    if (!directive.exists()) continue;
    if (directive.string() == "replace") {
      replace = true;
    } else if (directive.string() == "delete") {
      if (!element.contains(merge_key)) return no_merge_key(element, merge_key);
      const JsonView key = element[merge_key];
      list.erase(
          std::remove_if(list.begin(), list.end(), [&](const Draft& d) { return d.peek(merge_key) == key; }),
          list.end());
    } else if (directive.string() == "merge") {
      return failed("merging lists cannot yet be specified in the patch");
    } else {
      return unknown_directive(directive, element);
    }
  }
  if (replace) list.clear();
  for (const JsonView element : patch.elements()) {
    if (element.contains(kDirective)) continue;
    const JsonView key = element[merge_key];
    if (!key.exists()) return no_merge_key(element, merge_key);
    const auto at =
        std::find_if(list.begin(), list.end(), [&](const Draft& d) { return d.peek(merge_key) == key; });
    if (at == list.end() || !at->is_object())
      list.push_back(plain_copy(element));
    else
      TRY_VOID(merge_map(*at, element, items));
  }
  return {};
}

void merge_scalars(std::vector<Draft>& list, JsonView patch) {
  for (const JsonView element : patch.elements()) {
    const bool there = std::any_of(list.begin(), list.end(),
                                   [&](const Draft& d) { return d.is_borrowed() && d.view() == element; });
    if (!there) list.emplace_back(element);
  }
}

struct ListPatch {
  JsonView patch;    // may be Missing: only an order or deletions
  JsonView order;    // $setElementOrder, may be Missing
  JsonView deleted;  // $deleteFromPrimitiveList, may be Missing
};

// A patch list and its $setElementOrder list must agree: what the patch sets is named there, in the same
// order.
Status check_order(const ListPatch& change, std::string_view merge_key) {
  if (!change.order.is_array()) return bad_format("$setElementOrder list");
  const KeyOrder order(keys_of(change.order, merge_key));
  std::ptrdiff_t last = -1;
  for (const JsonView element : change.patch.elements()) {
    if (element.contains(kDirective) || order.empty()) continue;
    const std::ptrdiff_t at = order.find(key_of(element, merge_key));
    if (at < last || at < 0)
      return failed(fmt::format("The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                                go_print(change.patch), go_print(change.order)));
    last = at;
  }
  return {};
}

Status merge_list(Draft& target, const ListPatch& change, const Node* node) {
  const std::string merge_key = node != nullptr ? node->patch_merge_key : std::string();
  const bool merges = node != nullptr && node->patch_merge;
  if (change.order.exists()) TRY_VOID(check_order(change, merge_key));
  if (change.patch.exists() && !merges) {
    target = plain_copy(change.patch);
    return {};
  }
  // Views of the keys before anything moves; the drafts themselves change below.
  std::vector<JsonView> before;
  for (const Draft& element : target.elements()) before.push_back(key_of(element, merge_key));
  std::vector<Draft>& list = target.elements();
  if (list.size() * change.patch.size() > kMaxListWork)
    return too_large(
        fmt::format("lists of {} and {} elements are too long to merge", list.size(), change.patch.size()));
  if (change.deleted.exists()) {
    if (!change.deleted.is_array()) return bad_format("$deleteFromPrimitiveList list");
    const KeyOrder doomed(keys_of(change.deleted, {}));
    list.erase(std::remove_if(list.begin(), list.end(),
                              [&](const Draft& d) { return d.is_borrowed() && doomed.find(d.view()) >= 0; }),
               list.end());
  }
  Status status;
  if (!merge_key.empty())
    status = merge_keyed(list, change.patch, node->items.get(), merge_key);
  else
    merge_scalars(list, change.patch);
  if (!status.ok()) return status;
  if (change.patch.exists() || change.order.exists()) {
    const JsonView order = change.order.exists() ? change.order : change.patch;
    list = in_order(std::move(list), KeyOrder(keys_of(order, merge_key)), KeyOrder(before), merge_key);
  }
  return {};
}

// $retainKeys: members that it does not name go; the patch may set no others.
Status retain_keys(Draft& target, JsonView patch) {
  const JsonView retain = patch[kRetainKeys];
  if (!retain.exists()) return {};
  if (!retain.is_array()) return bad_format("retainKeys");
  const auto retained = [&](std::string_view key) {
    for (const JsonView name : retain.elements())
      if (name.string() == key) return true;
    return false;
  };
  for (const JsonMember member : patch.members())
    if (!member.value.is_null() && !is_directive(member.key) && !retained(member.key))
      return bad_format("retainKeys");
  auto& members = target.members();
  members.erase(std::remove_if(members.begin(), members.end(),
                               [&](const Draft::Member& m) { return !retained(m.first); }),
                members.end());
  return {};
}

Status merge_member(Draft& target, std::string_view key, JsonView patch, const Node* node) {
  const auto with_prefix = [&](std::string_view prefix) {
    return patch[std::string(prefix).append("/").append(key)];
  };
  const ListPatch change{patch[key], with_prefix(kOrderPrefix), with_prefix(kDeletePrefix)};
  const Node* child = member_of(node, key);
  Draft* existing = target.find(key);
  if (change.patch.is_null()) {
    target.erase(key);
    return {};
  }
  const bool list_only = !change.patch.exists();
  if (existing == nullptr) {
    if (!list_only) target.set(key, plain_copy(change.patch));
    return {};
  }
  if (existing->is_array() && (list_only || change.patch.is_array()))
    return merge_list(*existing, change, child);
  if (list_only) return {};
  if (existing->is_object() && change.patch.is_object()) return merge_map(*existing, change.patch, child);
  *existing = plain_copy(change.patch);
  return {};
}

Status merge_map(Draft& target, JsonView patch, const Node* node) {
  if (const JsonView directive = patch[kDirective]; directive.exists()) {
    if (directive.string() == "replace")
      target = plain_copy(patch);
    else if (directive.string() == "delete")
      target = Draft::object();
    else if (directive.string() != "merge")
      return unknown_directive(directive, patch);
    if (directive.string() != "merge") return {};
  }
  TRY_VOID(retain_keys(target, patch));
  for (const JsonMember member : patch.members()) {
    if (member.key == kDirective || member.key == kRetainKeys) continue;
    if (!is_directive(member.key)) {
      TRY_VOID(merge_member(target, member.key, patch, node));
      continue;
    }
    const std::string_view name = list_name(member.key);
    if (name.empty())
      return bad_format(member.key.starts_with(kOrderPrefix) ? "$setElementOrder list" : "primitive list");
    // With a patch of the list itself, the directive is dealt with there.
    const bool other_directive_first = member.key.starts_with(kDeletePrefix) &&
                                       patch.contains(std::string(kOrderPrefix).append("/").append(name));
    if (!patch.contains(name) && !other_directive_first) TRY_VOID(merge_member(target, name, patch, node));
  }
  return {};
}

}  // namespace

Result<Json> strategic_merge(JsonView target, JsonView patch, const Schema& schema) {
  if (!patch.is_object() || !target.is_object()) return bad_request("invalid JSON document");
  Draft draft(target);
  TRY_VOID(merge_map(draft, patch, &schema.root()));
  return draft.to_json();
}

}  // namespace heirloom::schema
