// Text as Go's encoding/json writes it, so that what we send and store looks like what kubectl and the API
// server do.
#include <array>
#include <charconv>
#include <cstdlib>
#include <vector>

#include "base/json.h"
#include "base/json_block.h"

namespace heirloom {
namespace {

using detail::JsonBlock;
using detail::JsonNode;

// 0: copy as it is. u: \u00XX. Otherwise the letter after the backslash. DEL is not escaped, as in Go.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table[0xE2] = 'x';  // may begin U+2028 or U+2029, which Go escapes for JavaScript's sake
  return table;
}();

void write_string(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[c];
    if (escape == 0) continue;
    if (escape == 'x') {
      const std::string_view sequence = text.substr(i, 3);
      if (sequence != "\xE2\x80\xA8" && sequence != "\xE2\x80\xA9") continue;
      out.append(text, copied, i - copied);
      out += sequence.back() == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out.append(text, copied, i - copied);
      out += '\\';
      out += escape;
      if (escape == 'u') {
        out += "00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
      }
    }
    copied = i + 1;
  }
  out.append(text, copied);
  out += '"';
}

// encoding/json: shortest digits; fixed notation from 1e-6 up to below 1e21, else exponents without zero
// padding.
void write_double(double value, std::string& out) {
  std::array<char, 32> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t mark = text.find('e');
  std::string digits(1, text.front());
  if (mark > 2) digits += text.substr(2, mark - 2);
  int exponent = 0;
  const char* exponent_begin = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_begin, text.data() + text.size(), exponent);

  const int count = static_cast<int>(digits.size());
  if (value == 0) {
    out += '0';
  } else if (exponent >= 21 || exponent < -6) {
    out += digits.front();
    if (count > 1) (out += '.').append(digits, 1);
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  } else if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
  } else if (count <= exponent + 1) {
    out += digits;
    out.append(static_cast<std::size_t>(exponent + 1 - count), '0');
  } else {
    out.append(digits, 0, static_cast<std::size_t>(exponent) + 1);
    (out += '.').append(digits, static_cast<std::size_t>(exponent) + 1);
  }
}

template <class T>
void write_integer(T value, std::string& out) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out.append(buffer.data(), end.ptr);
}

// Not recursive: patches can nest deeper than the parser allows.
class Writer {
 public:
  Writer(const JsonBlock& block, bool pretty, std::string& out) : block_(block), pretty_(pretty), out_(out) {
    open_.reserve(16);
  }

  void write(std::uint32_t first) {
    const std::uint32_t end = first + block_.node(first).span();
    for (std::uint32_t i = first; i < end; ++i) {
      close_until(i);
      const JsonNode& node = block_.node(i);
      if (node.kind == JsonKind::Missing) continue;  // the index of a large object
      if (!open_.empty()) separate(node);
      value(node, i);
    }
    close_until(end);
  }

 private:
  struct Open {
    std::uint32_t end;
    bool is_object, has_values;
  };

  void close_until(std::uint32_t node) {
    while (!open_.empty() && open_.back().end <= node) {
      const Open closed = open_.back();
      open_.pop_back();
      if (closed.has_values) new_line();
      out_ += closed.is_object ? '}' : ']';
    }
  }

  void separate(const JsonNode& node) {
    if (open_.back().has_values) out_ += ',';
    open_.back().has_values = true;
    new_line();
    if (!open_.back().is_object) return;
    write_string(block_.key(node), out_);
    out_ += pretty_ ? ": " : ":";
  }

  void value(const JsonNode& node, std::uint32_t i) {
    switch (node.kind) {
      case JsonKind::Missing:
      case JsonKind::Null:
        out_ += "null";
        break;
      case JsonKind::Bool:
        out_ += node.integer != 0 ? "true" : "false";
        break;
      case JsonKind::Int64:
        write_integer(node.integer, out_);
        break;
      case JsonKind::Uint64:
        write_integer(node.unsigned_integer, out_);
        break;
      case JsonKind::Double:
        write_double(node.number, out_);
        break;
      case JsonKind::String:
        write_string(block_.text(node), out_);
        break;
      case JsonKind::Array:
      case JsonKind::Object: {
        const bool is_object = node.kind == JsonKind::Object;
        out_ += is_object ? '{' : '[';
        open_.push_back({i + node.span(), is_object, false});
        break;
      }
    }
  }

  void new_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(open_.size() * 2, ' ');
  }

  const JsonBlock& block_;
  const bool pretty_;
  std::string& out_;
  std::vector<Open> open_;
};

void write(JsonView value, bool pretty, std::string& out) {
  if (!value.exists()) {
    out += "null";
    return;
  }
  Writer(*JsonBlock::block_of(value), pretty, out).write(JsonBlock::node_of(value));
}

}  // namespace

std::string write_json(JsonView value) {
  std::string out;
  write(value, false, out);
  return out;
}

void write_json(JsonView value, std::string& out) { write(value, false, out); }

std::string write_json_pretty(JsonView value) {
  std::string out;
  write(value, true, out);
  return out;
}

}  // namespace heirloom
