// Where a block is put together: what JsonBuilder and the parser write to. Only json*.cc include this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_block.h"

namespace heirloom::detail {

// Remembers strings of a block so that each is stored once. Only an optimisation: it gives up on a string
// after a few probes, so hostile input cannot make it slow.
class StringTable {
 public:
  struct Entry {
    std::uint32_t hash = 0, offset = 0,
                  length = 0;  // offset 0 means a free slot: the table stores offset + 1
  };
  // The slot that holds the string or could hold it; null when there is neither.
  Entry* find(std::string_view text, std::uint64_t hash, const std::string& bytes);
  void added();  // after filling a free slot
  void clear();
  std::size_t kept_bytes() const { return slots_.capacity() * sizeof(Entry); }

 private:
  static constexpr std::size_t kMaxProbes = 8;
  static constexpr std::size_t kFirstSlots = 32;
  std::vector<Entry> slots_;
  std::size_t used_ = 0;
};

// Strings given to a tape must be valid UTF-8. Misuse asserts.
class JsonTape {
 public:
  void begin_object() { begin(JsonKind::Object); }
  void end_object();
  void begin_array() { begin(JsonKind::Array); }
  void end_array();
  void key(std::string_view key);
  void null() { add(scalar(JsonKind::Null)); }
  void boolean(bool value);
  void int64(std::int64_t value);
  void uint64(std::uint64_t value);  // becomes an Int64 when it fits: one value, one representation
  void number(double value);
  void string(std::string_view value);
  void copy(const JsonBlock& block, std::uint32_t node);

  std::size_t depth() const { return frames_.size(); }
  const JsonBlock* take();  // the caller's reference
  void clear();             // as new, but for the memory it keeps
  std::size_t kept_bytes() const;

 private:
  struct Frame {
    std::uint32_t node;
    std::uint32_t size;
    std::uint64_t key_bits;  // a tiny Bloom filter of the keys
    bool keys_may_repeat;
  };

  static JsonNode scalar(JsonKind kind);
  void begin(JsonKind kind);
  std::uint32_t end(JsonKind kind);
  void set_key(JsonNode& node, std::string_view key, std::uint64_t hash);
  void set_text(JsonNode& node, std::string_view text);
  JsonNode& add(JsonNode node);
  std::uint32_t store(std::string_view text, std::uint64_t hash, bool with_length);
  void drop_repeated_keys(std::uint32_t object);
  void add_index(std::uint32_t object);
  std::vector<std::uint32_t> members(std::uint32_t object) const;

  std::vector<JsonNode> nodes_;
  std::string bytes_;
  std::vector<Frame> frames_;
  StringTable strings_;
  JsonNode pending_key_;
  bool has_key_ = false;
};

// A tape to write to, and back: each thread keeps one, because nearly every value is built while no other is.
JsonTape* acquire_tape();
void release_tape(JsonTape* tape);

class TapeLease {
 public:
  TapeLease() : tape_(acquire_tape()) {}
  ~TapeLease() { release_tape(tape_); }
  TapeLease(const TapeLease&) = delete;
  TapeLease& operator=(const TapeLease&) = delete;
  JsonTape* operator->() { return tape_; }
  JsonTape& operator*() { return *tape_; }

 private:
  JsonTape* tape_;
};

}  // namespace heirloom::detail
