#include "schema/json_patch.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "schema/draft.h"

namespace heirloom::schema {

namespace {

// kube-apiserver says no more than this; the reason behind the colon is ours.
Status refused(std::string_view why) {
  return {422, reasons::kInvalid,
          fmt::format("the server rejected our request due to an error in our request: {}", why)};
}

struct Pointer {
  std::vector<std::string> tokens;
};

std::optional<Pointer> parse_pointer(std::string_view text) {
  Pointer out;
  if (text.empty()) return out;
  if (text.front() != '/') return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      out.tokens.emplace_back();
    } else if (text[i] == '~' && i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1')) {
      out.tokens.back().push_back(text[++i] == '0' ? '~' : '/');
    } else {
      out.tokens.back().push_back(text[i]);
    }
  }
  return out;
}

// The position a token names in a list of `size`; -1 is the last one, as kube-apiserver allows.
std::optional<std::size_t> list_index(std::string_view token, std::size_t size) {
  std::int64_t index = 0;
  const auto [end, ec] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (token.empty() || ec != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  if (index < 0) index += static_cast<std::int64_t>(size);
  if (index < 0 || index >= static_cast<std::int64_t>(size)) return std::nullopt;
  return static_cast<std::size_t>(index);
}

Draft* step(Draft& value, std::string_view token) {
  if (value.is_object()) return value.find(token);
  if (!value.is_array()) return nullptr;
  const std::optional<std::size_t> index = list_index(token, value.elements().size());
  return index ? &value.elements()[*index] : nullptr;
}

Draft* resolve(Draft& root, const Pointer& pointer, std::size_t count) {
  Draft* value = &root;
  for (std::size_t i = 0; value != nullptr && i < count; ++i) value = step(*value, pointer.tokens[i]);
  return value;
}

class Patcher {
 public:
  explicit Patcher(JsonView target) : root_(target) {}

  Status apply(JsonView operation) {
    const std::string_view op = operation["op"].string();
    const JsonView path = operation["path"], value = operation["value"];
    if (!path.is_string()) return refused("an operation needs a path");
    const std::optional<Pointer> pointer = parse_pointer(path.string());
    if (!pointer) return refused(fmt::format("path '{}' must start with a slash", path.string()));
    const bool needs_value = op == "add" || op == "replace" || op == "test";
    if (needs_value && !value.exists() && op != "test") return refused(fmt::format("{} needs a value", op));
    if (op == "add") return add(*pointer, value, path.string());
    if (op == "remove") return remove(*pointer, path.string());
    if (op == "replace") return replace(*pointer, value, path.string());
    if (op == "test") return test(*pointer, value, path.string());
    if (op != "move" && op != "copy") return refused(fmt::format("unknown operation '{}'", op));

    const std::string_view from_text = operation["from"].string();
    const std::optional<Pointer> from = parse_pointer(from_text);
    if (!operation["from"].is_string() || !from) return refused(fmt::format("{} needs a from", op));
    return op == "move" ? move(*from, *pointer, from_text, path.string())
                        : copy(*from, *pointer, from_text, path.string());
  }

  Json take() { return root_.to_json(); }

 private:
  static Status missing(std::string_view op, std::string_view path) {
    return refused(fmt::format("{}: path {} does not exist", op, path));
  }

  // Patches may not build what the parser would refuse to read back.
  static Status check_depth(const Pointer& pointer, std::size_t depth, std::string_view path) {
    if (pointer.tokens.size() + depth <= kMaxJsonDepth) return {};
    return refused(fmt::format("{} would be nested deeper than {}", path, kMaxJsonDepth));
  }

  Status add(const Pointer& pointer, Draft value, std::string_view path) {
    TRY_VOID(check_depth(pointer, value.depth(), path));
    if (pointer.tokens.empty()) {
      root_ = std::move(value);
      return {};
    }
    Draft* parent = resolve(root_, pointer, pointer.tokens.size() - 1);
    if (parent == nullptr || !(parent->is_object() || parent->is_array())) return missing("add", path);
    const std::string& last = pointer.tokens.back();
    if (parent->is_object()) {
      parent->set(last, std::move(value));
      return {};
    }
    std::vector<Draft>& list = parent->elements();
    const std::optional<std::size_t> index = last == "-" ? list.size() : list_index(last, list.size() + 1);
    if (!index) return refused(fmt::format("add: index out of range in {}", path));
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return {};
  }

  Status remove(const Pointer& pointer, std::string_view path) {
    if (pointer.tokens.empty()) return refused("remove: the whole document cannot be removed");
    Draft* parent = resolve(root_, pointer, pointer.tokens.size() - 1);
    if (parent == nullptr) return missing("remove", path);
    const std::string& last = pointer.tokens.back();
    if (parent->is_object()) return parent->erase(last) ? Status() : missing("remove", path);
    if (!parent->is_array()) return missing("remove", path);
    std::vector<Draft>& list = parent->elements();
    const std::optional<std::size_t> index = list_index(last, list.size());
    if (!index) return refused(fmt::format("remove: index out of range in {}", path));
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(*index));
    return {};
  }

  // A missing member is added: this is what servers before 1.24 do, and what patches written for them expect.
  Status replace(const Pointer& pointer, JsonView value, std::string_view path) {
    TRY_VOID(check_depth(pointer, value.depth(), path));
    if (pointer.tokens.empty()) {
      root_ = value;
      return {};
    }
    Draft* parent = resolve(root_, pointer, pointer.tokens.size() - 1);
    if (parent == nullptr) return missing("replace", path);
    if (parent->is_object()) {
      parent->set(pointer.tokens.back(), value);
      return {};
    }
    Draft* element = parent->is_array() ? step(*parent, pointer.tokens.back()) : nullptr;
    if (element == nullptr) return missing("replace", path);
    *element = value;
    return {};
  }

  // Absent and null are one, as for kube-apiserver.
  Status test(const Pointer& pointer, JsonView value, std::string_view path) {
    const Draft* actual = resolve(root_, pointer, pointer.tokens.size());
    const bool wants_nothing = !value.exists() || value.is_null();
    if (actual == nullptr)
      return wants_nothing ? Status() : refused(fmt::format("test failed: {} does not exist", path));
    bool equal = false;
    if (actual->is_borrowed()) {
      equal = actual->view() == value || (wants_nothing && actual->view().is_null());
    } else {
      equal = actual->to_json().view() == value;
    }
    return equal ? Status() : refused(fmt::format("test failed: {} has another value", path));
  }

  Status move(const Pointer& from, const Pointer& to, std::string_view from_path, std::string_view path) {
    const bool inside = to.tokens.size() > from.tokens.size() &&
                        std::equal(from.tokens.begin(), from.tokens.end(), to.tokens.begin());
    if (inside) return refused(fmt::format("move: {} cannot be moved into itself", from_path));
    const Draft* source = resolve(root_, from, from.tokens.size());
    if (source == nullptr) return missing("move", from_path);
    Draft value = *source;
    TRY_VOID(remove(from, from_path));
    return add(to, std::move(value), path);
  }

  Status copy(const Pointer& from, const Pointer& to, std::string_view from_path, std::string_view path) {
    const Draft* source = resolve(root_, from, from.tokens.size());
    if (source == nullptr) return missing("copy", from_path);
    Draft value = *source;
    copied_bytes_ += write_json(value.to_json()).size();
    if (copied_bytes_ > kMaxJsonPatchCopiedBytes)
      return refused(fmt::format("copies exceed the limit of {} bytes", kMaxJsonPatchCopiedBytes));
    return add(to, std::move(value), path);
  }

  Draft root_;
  std::size_t copied_bytes_ = 0;
};

// What Go's decoder calls a JSON value.
std::string_view go_kind(JsonView value) {
  if (value.is_number()) return "number";
  if (value.is_bool()) return "bool";
  return to_string(value.kind());
}

}  // namespace

Result<Json> json_patch(const Json& target, JsonView patch) {
  if (!patch.is_array())
    return bad_request(
        fmt::format("json: cannot unmarshal {} into Go value of type jsonpatch.Patch", go_kind(patch)));
  if (patch.size() > kMaxJsonPatchOperations)
    return too_large(fmt::format("The allowed maximum operations in a JSON patch is {}, got {}",
                                 kMaxJsonPatchOperations, patch.size()));
  if (patch.empty()) return target;
  Patcher patcher(target);
  for (const JsonView operation : patch.elements()) {
    if (!operation.is_object())
      return bad_request(fmt::format("json: cannot unmarshal {} into Go value of type jsonpatch.Operation",
                                     go_kind(operation)));
    TRY_VOID(patcher.apply(operation));
  }
  return patcher.take();
}

}  // namespace heirloom::schema
