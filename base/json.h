// Json: an immutable JSON value in one shared block (a tape), and JsonView: a borrowed look at a value inside it.
//
// Copying a Json shares the block. A JsonView never outlives the Json it came from; keep the Json, or take
// view.to_json(), which copies the subtree into a block of its own.
// Numbers: int64, uint64 and double are distinct kinds (1 is not 1.0), as in Kubernetes' unstructured content. Uint64
// holds only what Int64 cannot. As in Go, a Double with a whole value is written without a point, so it reads back as
// an integer.
// Member order of the input is kept; equality ignores it. Duplicate keys: the last one wins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace heirloom {

inline constexpr std::size_t kMaxJsonDepth = 512;  // of parsed text

enum class JsonKind : std::uint8_t { Missing, Null, Bool, Int64, Uint64, Double, String, Array, Object };

// "null", "boolean", "integer", ... as OpenAPI names types; for messages.
std::string_view to_string(JsonKind kind);

class Json;
class JsonElements;
class JsonMembers;
namespace detail {
class JsonBlock;
class JsonTape;
}  // namespace detail

// A value inside a Json, or Missing. All look-ups on a value of the wrong kind give Missing, so paths can be
// chained without checks: object["metadata"]["labels"]["app.oam.dev/name"].string().
class JsonView {
 public:
  JsonView() = default;  // Missing

  JsonKind kind() const;
  bool exists() const { return kind() != JsonKind::Missing; }
  bool is_null() const { return kind() == JsonKind::Null; }
  bool is_bool() const { return kind() == JsonKind::Bool; }
  bool is_integer() const { return kind() == JsonKind::Int64 || kind() == JsonKind::Uint64; }
  bool is_number() const { return is_integer() || kind() == JsonKind::Double; }
  bool is_string() const { return kind() == JsonKind::String; }
  bool is_array() const { return kind() == JsonKind::Array; }
  bool is_object() const { return kind() == JsonKind::Object; }

  // The value, or the fallback when it is of another kind. Strings may hold NUL; the view borrows from the block.
  std::string_view string(std::string_view fallback = {}) const;
  bool boolean(bool fallback = false) const;
  std::int64_t int64(std::int64_t fallback = 0) const;    // a Uint64 above INT64_MAX counts as another kind
  std::uint64_t uint64(std::uint64_t fallback = 0) const;
  double number(double fallback = 0) const;               // of any number kind

  std::size_t size() const;                          // elements or members; 0 for scalars
  bool empty() const { return size() == 0; }
  JsonView operator[](std::string_view key) const;   // member, or Missing
  JsonView element(std::size_t index) const;         // array element, or Missing
  bool contains(std::string_view key) const { return (*this)[key].exists(); }
  JsonElements elements() const;                     // of an array; empty otherwise
  JsonMembers members() const;                       // of an object; empty otherwise

  Json to_json() const;  // a copy in a block of its own (shared when it is all of its block); Missing becomes null

  // Containers on the longest way down: 0 for scalars, 1 for []. What was built from parsed values may be deeper than
  // the parser allows; who stores or sends it checks against kMaxJsonDepth.
  std::size_t depth() const;

  friend bool operator==(JsonView a, JsonView b);  // by content; object member order ignored

 private:
  friend class Json;
  friend class JsonBuilder;
  friend class JsonElements;
  friend class JsonMembers;
  friend class detail::JsonBlock;
  JsonView(const detail::JsonBlock* block, std::uint32_t node) : block_(block), node_(node) {}
  const detail::JsonBlock* block_ = nullptr;
  std::uint32_t node_ = 0;
};

struct JsonMember {
  std::string_view key;
  JsonView value;
};

class Json {
 public:
  Json();  // null
  Json(const Json&);
  Json(Json&&) noexcept;  // leaves null behind
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  // Strict RFC 8259 text, UTF-8 checked. Limits: depth 512; the caller bounds the size of the text.
  // Error: BadRequest with position and reason.
  static Result<Json> parse(std::string_view text);

  // Object and array literals for building small values; for large ones see JsonBuilder.
  //   Json::object({{"kind", "Namespace"}, {"metadata", Json::object({{"name", name}})}})
  struct Init;
  using Pair = std::pair<std::string_view, Init>;
  static Json object(std::initializer_list<Pair> members = {});
  static Json array(std::initializer_list<Init> elements = {});
  static Json string(std::string_view value);
  static Json int64(std::int64_t value);
  static Json boolean(bool value);

  operator JsonView() const { return view(); }  // NOLINT: a Json reads like its view; as with string_view, mind temporaries
  JsonView view() const;

  JsonKind kind() const { return view().kind(); }
  bool is_null() const { return view().is_null(); }
  bool is_object() const { return view().is_object(); }
  bool is_array() const { return view().is_array(); }
  bool is_string() const { return view().is_string(); }
  JsonView operator[](std::string_view key) const& { return view()[key]; }
  JsonView operator[](std::string_view key) const&& = delete;

  std::size_t memory_bytes() const;  // of the block, shared by all copies

  friend bool operator==(const Json& a, const Json& b) { return a.view() == b.view(); }

 private:
  friend class JsonBuilder;
  friend class JsonView;
  explicit Json(const detail::JsonBlock* block);  // takes over the caller's reference
  const detail::JsonBlock* block_ = nullptr;      // counts its own references; null stands for null
};

// What a literal can hold.
struct Json::Init {
  Init(std::nullptr_t) {}                                                   // NOLINT
  Init(bool v) : value(v) {}                                                // NOLINT
  Init(int v) : value(static_cast<std::int64_t>(v)) {}                      // NOLINT
  Init(std::int64_t v) : value(v) {}                                        // NOLINT
  Init(std::uint64_t v) : value(v) {}                                       // NOLINT
  Init(double v) : value(v) {}                                              // NOLINT
  Init(const char* v) : value(std::string_view(v)) {}                       // NOLINT
  Init(std::string_view v) : value(v) {}                                    // NOLINT
  Init(const std::string& v) : value(std::string_view(v)) {}                // NOLINT
  Init(const Json& v) : value(v) {}                                         // NOLINT
  Init(JsonView v) : value(v) {}                                            // NOLINT
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view, Json, JsonView> value;
};

// Writes one value front to back. Misuse (a value without a key, unbalanced ends) is a bug and asserts. Bytes that are
// not UTF-8 become U+FFFD.
class JsonBuilder {
 public:
  JsonBuilder();
  ~JsonBuilder();
  JsonBuilder(JsonBuilder&&) noexcept;
  JsonBuilder& operator=(JsonBuilder&&) noexcept;

  JsonBuilder& begin_object();
  JsonBuilder& end_object();
  JsonBuilder& begin_array();
  JsonBuilder& end_array();
  JsonBuilder& key(std::string_view key);  // given twice, the last one wins
  JsonBuilder& null();
  JsonBuilder& boolean(bool value);
  JsonBuilder& int64(std::int64_t value);
  JsonBuilder& uint64(std::uint64_t value);
  JsonBuilder& number(double value);  // finite, else it asserts: JSON has no others
  JsonBuilder& string(std::string_view value);
  JsonBuilder& value(JsonView value);  // copies the subtree; Missing asserts
  JsonBuilder& value(const Json& json) { return value(json.view()); }

  JsonBuilder& member(std::string_view k, std::string_view v) { return key(k).string(v); }
  JsonBuilder& member(std::string_view k, const char* v) { return key(k).string(v); }
  JsonBuilder& member(std::string_view k, const std::string& v) { return key(k).string(v); }
  JsonBuilder& member(std::string_view k, bool v) { return key(k).boolean(v); }
  JsonBuilder& member(std::string_view k, int v) { return key(k).int64(v); }
  JsonBuilder& member(std::string_view k, std::int64_t v) { return key(k).int64(v); }
  JsonBuilder& member(std::string_view k, JsonView v) { return key(k).value(v); }
  JsonBuilder& member(std::string_view k, const Json& v) { return key(k).value(v.view()); }
  // For omitempty fields.
  JsonBuilder& member_unless_empty(std::string_view k, std::string_view v) { return v.empty() ? *this : member(k, v); }

  Json take();  // the finished value; the builder is then as new

 private:
  detail::JsonTape* tape_;
};

// Compact text as Go's encoding/json writes it (numbers included), without HTML escaping and without a newline.
std::string write_json(JsonView value);
void write_json(JsonView value, std::string& out);  // appends
std::string write_json_pretty(JsonView value);      // two spaces, for people

class JsonElements {
 public:
  class Iterator {
   public:
    JsonView operator*() const { return {block_, node_}; }
    Iterator& operator++();
    bool operator==(const Iterator& o) const { return node_ == o.node_; }
    Iterator(const detail::JsonBlock* block, std::uint32_t node) : block_(block), node_(node) {}
   private:
    const detail::JsonBlock* block_;
    std::uint32_t node_;
  };
  Iterator begin() const { return {block_, begin_}; }
  Iterator end() const { return {block_, end_}; }
 private:
  friend class JsonView;
  const detail::JsonBlock* block_ = nullptr;
  std::uint32_t begin_ = 0, end_ = 0;
};

class JsonMembers {
 public:
  class Iterator {
   public:
    JsonMember operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator& o) const { return node_ == o.node_; }
    Iterator(const detail::JsonBlock* block, std::uint32_t node) : block_(block), node_(node) {}
   private:
    const detail::JsonBlock* block_;
    std::uint32_t node_;
  };
  Iterator begin() const { return {block_, begin_}; }
  Iterator end() const { return {block_, end_}; }
 private:
  friend class JsonView;
  const detail::JsonBlock* block_ = nullptr;
  std::uint32_t begin_ = 0, end_ = 0;
};

// A step into an object (key) or an array (index).
using JsonStep = std::variant<std::string, std::size_t>;
using JsonPath = std::vector<JsonStep>;

// The value at the path, or Missing.
JsonView at_path(JsonView root, std::span<const JsonStep> path);
// "spec.containers[0].image", keys that need it quoted: metadata.labels["a.b/c"]. For messages and records.
std::string to_string(const JsonPath& path);

// One change: set (creating missing parent objects), insert before an array index, or remove.
struct JsonEdit {
  enum class Op { Set, Insert, Remove };
  JsonPath path;
  Op op = Op::Set;
  Json value = {};
};
JsonEdit set_at(JsonPath path, Json value);
JsonEdit remove_at(JsonPath path);

// A copy of root with the edits applied in order. Steps that do not fit (a key into an array, an index past the end)
// leave the value alone: callers that must know check with at_path first. Untouched parts are copied as they are.
Json rewrite(JsonView root, std::span<const JsonEdit> edits);
inline Json rewrite(JsonView root, std::initializer_list<JsonEdit> edits) {
  return rewrite(root, std::span<const JsonEdit>(edits.begin(), edits.size()));
}

// 64-bit content hash; equal values have equal hashes whatever their member order. Stable between processes.
std::uint64_t hash_json(JsonView value, std::uint64_t seed = 0);

}  // namespace heirloom
