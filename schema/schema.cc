#include "schema/schema.h"

#include <algorithm>

namespace heirloom::schema {

namespace {

// Most objects have few properties, whose names differ in length: comparing each is quicker than halving.
constexpr std::size_t kSearchedInOrder = 16;

NodePtr free_node() {
  static const NodePtr kFree = [] {
    auto node = std::make_shared<Node>();
    node->preserve_unknown = true;
    return node;
  }();
  return kFree;
}

std::size_t string_bytes(const std::string& text) { return text.capacity() > 15 ? text.capacity() + 1 : 0; }

std::size_t node_bytes(const Node* node);

std::size_t list_bytes(const std::vector<NodePtr>& nodes) {
  std::size_t total = nodes.capacity() * sizeof(NodePtr);
  for (const NodePtr& node : nodes) total += node_bytes(node.get());
  return total;
}

// Shared nodes (metadata) are counted at each place; good enough for a rough size.
std::size_t node_bytes(const Node* node) {
  if (node == nullptr) return 0;
  std::size_t total =
      sizeof(Node) + 16 + string_bytes(node->description) + string_bytes(node->patch_merge_key);
  total += node->properties.capacity() * sizeof(node->properties[0]);
  for (const auto& [name, child] : node->properties) total += string_bytes(name) + node_bytes(child.get());
  total += node_bytes(node->additional.get()) + node_bytes(node->items.get());
  total += (node->required.capacity() + node->list_map_keys.capacity()) * sizeof(std::string);
  if (node->default_value) total += node->default_value->memory_bytes();
  if (const Constraints* c = node->constraints.get()) {
    total += sizeof *c + list_bytes(c->all_of) + list_bytes(c->any_of) + list_bytes(c->one_of) +
             node_bytes(c->negated.get());
    for (const Json& value : c->enumeration) total += value.memory_bytes();
  }
  return total;
}

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::Any:
      return "";
    case Type::Object:
      return "object";
    case Type::Array:
      return "array";
    case Type::String:
      return "string";
    case Type::Integer:
      return "integer";
    case Type::Number:
      return "number";
    case Type::Boolean:
      return "boolean";
  }
  return "";
}

const Node* Node::property(std::string_view key) const {
  if (properties.size() <= kSearchedInOrder) {
    for (const auto& [name, node] : properties)
      if (name == key) return node.get();
    return nullptr;
  }
  const auto at = std::lower_bound(properties.begin(), properties.end(), key,
                                   [](const auto& entry, std::string_view k) { return entry.first < k; });
  return at != properties.end() && at->first == key ? at->second.get() : nullptr;
}

const Node* Node::member(std::string_view key) const {
  const Node* found = property(key);
  return found != nullptr ? found : additional.get();
}

std::span<const std::string> Node::merge_keys() const {
  if (list_type == ListType::Map) return list_map_keys;
  if (patch_merge && !patch_merge_key.empty()) return {&patch_merge_key, 1};
  return {};
}

bool Node::is_set() const { return list_type == ListType::Set || (patch_merge && merge_keys().empty()); }

Schema::Schema() : root_(free_node()) {}

std::size_t Schema::memory_bytes() const { return node_bytes(root_.get()); }

}  // namespace heirloom::schema
