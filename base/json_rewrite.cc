#include <memory>
#include <unordered_map>
#include <utility>

#include "base/json.h"

namespace heirloom {
namespace {

// Longer paths fit no value we accept, and the overlay below recurses once a step.
constexpr std::size_t kMaxPathSteps = 2 * kMaxJsonDepth;
constexpr std::size_t kIndexFrom = 32;

struct Container;

// A value of the result: as it is in some finished Json, or a container in which something below changes.
struct Node {
  std::string_view key;  // borrowed, as the leaf is, from the root or from an edit: both outlive the rewrite
  JsonView leaf;
  std::unique_ptr<Container> changed;
};

struct Container {
  bool is_object = false;
  std::vector<Node> children;
  std::unordered_map<std::string_view, std::size_t> index;  // only of large objects; empty until needed
};

// The container that the node is, opened for changes; null when it is none.
Container* open(Node& node) {
  if (node.changed) return node.changed.get();
  if (!node.leaf.is_object() && !node.leaf.is_array()) return nullptr;
  node.changed = std::make_unique<Container>();
  Container& container = *node.changed;
  container.is_object = node.leaf.is_object();
  container.children.reserve(node.leaf.size() + 1);
  for (const JsonMember& member : node.leaf.members()) {
    Node child;
    child.key = member.key;
    child.leaf = member.value;
    container.children.push_back(std::move(child));
  }
  for (const JsonView element : node.leaf.elements()) {
    Node child;
    child.leaf = element;
    container.children.push_back(std::move(child));
  }
  return &container;
}

constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

std::size_t find_key(Container& object, std::string_view key) {
  if (object.children.size() < kIndexFrom) {
    for (std::size_t i = 0; i < object.children.size(); ++i)
      if (object.children[i].key == key) return i;
    return kNowhere;
  }
  if (object.index.empty())
    for (std::size_t i = 0; i < object.children.size(); ++i) object.index.emplace(object.children[i].key, i);
  const auto found = object.index.find(key);
  return found == object.index.end() ? kNowhere : found->second;
}

// Where in the container the step leads; kNowhere when there is nothing or the step is of the wrong kind.
std::size_t find(Container& container, const JsonStep& step) {
  if (const auto* key = std::get_if<std::string>(&step))
    return container.is_object ? find_key(container, *key) : kNowhere;
  const std::size_t at = std::get<std::size_t>(step);
  return !container.is_object && at < container.children.size() ? at : kNowhere;
}

Node& append_member(Container& object, std::string_view key) {
  if (!object.index.empty()) object.index.emplace(key, object.children.size());
  Node& node = object.children.emplace_back();
  node.key = key;
  return node;
}

// Missing parents can only be created when every step down to the value names a key.
bool all_keys(std::span<const JsonStep> steps) {
  for (const JsonStep& step : steps)
    if (!std::holds_alternative<std::string>(step)) return false;
  return true;
}

void set_leaf(Node& node, JsonView value) {
  node.leaf = value;
  node.changed.reset();
}

void create(Container& parent, std::span<const JsonStep> steps, JsonView value) {
  Container* container = &parent;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Node& node = append_member(*container, std::get<std::string>(steps[i]));
    if (i + 1 == steps.size()) return set_leaf(node, value);
    node.changed = std::make_unique<Container>();
    node.changed->is_object = true;
    container = node.changed.get();
  }
}

void apply_last(Container& container, const JsonEdit& edit) {
  const JsonStep& step = edit.path.back();
  if (edit.op == JsonEdit::Op::Insert) {
    const auto* at = std::get_if<std::size_t>(&step);
    if (container.is_object || at == nullptr || *at > container.children.size()) return;
    Node node;
    node.leaf = edit.value;
    container.children.insert(container.children.begin() + static_cast<std::ptrdiff_t>(*at), std::move(node));
    return;
  }
  const std::size_t at = find(container, step);
  if (at == kNowhere) {
    if (edit.op == JsonEdit::Op::Set && container.is_object && std::holds_alternative<std::string>(step))
      create(container, {&step, 1}, edit.value);
  } else if (edit.op == JsonEdit::Op::Set) {
    set_leaf(container.children[at], edit.value);
  } else {
    container.children.erase(container.children.begin() + static_cast<std::ptrdiff_t>(at));
    container.index.clear();
  }
}

void apply(Node& root, const JsonEdit& edit) {
  if (edit.path.size() > kMaxPathSteps) return;
  if (edit.path.empty()) {
    static const Json null;
    if (edit.op != JsonEdit::Op::Insert) set_leaf(root, edit.op == JsonEdit::Op::Set ? edit.value : null);
    return;
  }
  Node* node = &root;
  for (std::size_t i = 0; i + 1 < edit.path.size(); ++i) {
    Container* container = open(*node);
    if (container == nullptr) return;
    const std::size_t at = find(*container, edit.path[i]);
    if (at == kNowhere) {
      const auto rest = std::span<const JsonStep>(edit.path).subspan(i);
      if (edit.op == JsonEdit::Op::Set && container->is_object && all_keys(rest))
        create(*container, rest, edit.value);
      return;
    }
    node = &container->children[at];
  }
  if (Container* container = open(*node)) apply_last(*container, edit);
}

void emit(const Node& node, JsonBuilder& out) {
  if (!node.changed) {
    out.value(node.leaf);
    return;
  }
  const bool is_object = node.changed->is_object;
  is_object ? out.begin_object() : out.begin_array();
  for (const Node& child : node.changed->children) {
    if (is_object) out.key(child.key);
    emit(child, out);
  }
  is_object ? out.end_object() : out.end_array();
}

bool reads_as_identifier(std::string_view key) {
  if (key.empty()) return false;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char c = key[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool other = (c >= '0' && c <= '9') || c == '-';
    if (!letter && (i == 0 || !other)) return false;
  }
  return true;
}

}  // namespace

JsonView at_path(JsonView root, std::span<const JsonStep> path) {
  for (const JsonStep& step : path) {
    const auto* key = std::get_if<std::string>(&step);
    root = key != nullptr ? root[*key] : root.element(std::get<std::size_t>(step));
    if (!root.exists()) return root;
  }
  return root;
}

std::string to_string(const JsonPath& path) {
  std::string out;
  for (const JsonStep& step : path) {
    const auto* key = std::get_if<std::string>(&step);
    if (key == nullptr) {
      out += '[' + std::to_string(std::get<std::size_t>(step)) + ']';
    } else if (reads_as_identifier(*key)) {
      if (!out.empty()) out += '.';
      out += *key;
    } else {
      out += '[' + write_json(Json::string(*key)) + ']';
    }
  }
  return out;
}

JsonEdit set_at(JsonPath path, Json value) { return {std::move(path), JsonEdit::Op::Set, std::move(value)}; }
JsonEdit remove_at(JsonPath path) { return {std::move(path), JsonEdit::Op::Remove, Json()}; }

Json rewrite(JsonView root, std::span<const JsonEdit> edits) {
  if (edits.empty()) return root.to_json();
  Node result;
  const Json null;
  result.leaf = root.exists() ? root : JsonView(null);
  for (const JsonEdit& edit : edits) apply(result, edit);
  JsonBuilder out;
  emit(result, out);
  return out.take();
}

}  // namespace heirloom
