// YAML for people. yaml-cpp's emitter leaves strings such as "yes" or "012" unquoted, so this one is ours: a
// string is written plainly only when our own resolver reads it back as the same string.
#include <algorithm>
#include <string>

#include "base/yaml.h"
#include "base/yaml_scalar.h"

namespace heirloom {
namespace {

constexpr std::size_t kMaxBlockDepth =
    100;  // deeper parts are written as JSON, which nests without indentation
constexpr std::size_t kMaxSimpleKey = 1000;  // YAML allows 1024 characters before the colon
constexpr std::size_t kMaxPlainLength = 4096;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Strings of harmless characters in harmless places; everything else is quoted, needed or not.
bool may_be_plain(std::string_view text) {
  constexpr std::string_view kInside = "_-./:@+=()$~^;?!*&%<>";
  if (text.empty() || text.size() > kMaxPlainLength) return false;
  if (!is_alphanumeric(text.front()) &&
      std::string_view("_/.$(").find(text.front()) == std::string_view::npos)
    return false;
  if (text.starts_with("...")) return false;  // the end of a document
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    if (c == ' ' && i + 1 < text.size() && next != ' ' && next != '#') continue;
    if (c == ':' && next == ' ') return false;  // also at the end
    if (!is_alphanumeric(c) && kInside.find(c) == std::string_view::npos) return false;
  }
  return detail::is_plain_string(text);
}

void write_quoted(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (c == '"' || c == '\\') {
      (out += '\\') += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20 || c == 0x7F) {
      ((out += "\\x") += kHex[c >> 4]) += kHex[c & 15];
    } else if (c < 0x80) {
      out += static_cast<char>(c);
    } else {
      length = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
      // Above ASCII the exceptions are C1 controls, line and paragraph separators, and the specials around
      // U+FEFF.
      const std::string_view sequence = text.substr(0, length);
      const auto second = static_cast<unsigned char>(text[1]);
      if (c == 0xC2 && second < 0xA0) {
        ((out += "\\x") += kHex[second >> 4]) += kHex[second & 15];
      } else if (sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9") {
        out += sequence.back() == '\xA8' ? "\\u2028" : "\\u2029";
      } else if (sequence == "\xEF\xBB\xBF") {
        out += "\\ufeff";
      } else if (sequence == "\xEF\xBF\xBE" || sequence == "\xEF\xBF\xBF") {
        out += sequence.back() == '\xBE' ? "\\ufffe" : "\\uffff";
      } else {
        out += sequence;
      }
    }
    text.remove_prefix(length);
  }
  out += '"';
}

// JSON is YAML but for characters that YAML does not allow unescaped; inside our JSON these are only in
// strings.
void write_flow(JsonView value, std::string& out) {
  const std::string json = write_json(value);
  std::string_view rest = json;
  for (std::size_t at = detail::find_unprintable(rest); at != std::string_view::npos;
       at = detail::find_unprintable(rest)) {
    out += rest.substr(0, at);
    rest.remove_prefix(at);
    std::string escaped;
    const std::size_t length = rest.front() == '\x7F' ? 1 : rest.front() == '\xC2' ? 2 : 3;
    write_quoted(rest.substr(0, length), escaped);
    out += std::string_view(escaped).substr(1, escaped.size() - 2);
    rest.remove_prefix(length);
  }
  out += rest;
}

// Several lines of ordinary text read best as a literal block. Left out is whatever a block would need care
// for.
bool may_be_literal(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c != '\n' && (c < 0x20 || c >= 0x7F)) return false;
    // Lines of nothing but spaces, and spaces at the end of a line, would be invisible.
    if (c == ' ' && (i + 1 == text.size() || text[i + 1] == '\n')) return false;
  }
  return true;
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void document(JsonView value) {
    if (is_block(value, 0)) {
      block(value, 0);
    } else {
      inline_value(value, 0);
      new_line();
    }
  }

 private:
  static bool is_block(JsonView value, std::size_t depth) { return !value.empty() && depth < kMaxBlockDepth; }

  // The lines of a filled container; the cursor is where its first entry begins.
  void block(JsonView value, std::size_t depth, std::size_t indent = 0) {
    bool first = true;
    for (const JsonMember& member : value.members()) {
      start_entry(first, indent);
      key(member.key, indent);
      const bool in_list = member.value.is_array();  // kubectl does not indent lists below their key
      if (is_block(member.value, depth + 1)) {
        new_line();
        const std::size_t inner = in_list ? indent : indent + 2;
        out_.append(inner, ' ');
        block(member.value, depth + 1, inner);
      } else {
        out_ += ' ';
        inline_value(member.value, indent);
        new_line();
      }
    }
    for (const JsonView element : value.elements()) {
      start_entry(first, indent);
      out_ += "- ";
      if (is_block(element, depth + 1)) {
        block(element, depth + 1, indent + 2);
      } else {
        inline_value(element, indent);
        new_line();
      }
    }
  }

  void start_entry(bool& first, std::size_t indent) {
    if (!first) out_.append(indent, ' ');
    first = false;
  }

  void key(std::string_view text, std::size_t indent) {
    const std::size_t before = out_.size();
    string(text);
    if (out_.size() - before > kMaxSimpleKey) {
      out_.insert(before, "? ");
      new_line();
      out_.append(indent, ' ');
    }
    out_ += ':';
  }

  void inline_value(JsonView value, std::size_t indent) {
    const std::string_view text = value.string();
    if (!value.is_string())
      write_flow(value, out_);
    else if (!text.empty() && may_be_literal(text))
      literal(text, indent + 2);
    else
      string(text);
  }

  void string(std::string_view text) {
    if (may_be_plain(text))
      out_ += text;
    else
      write_quoted(text, out_);
  }

  void literal(std::string_view text, std::size_t indent) {
    const std::size_t last = text.find_last_not_of('\n') + 1;
    const std::size_t newlines = text.size() - last;
    out_ += newlines == 0 ? "|-" : newlines == 1 ? "|" : "|+";
    std::string_view rest = newlines == 0 ? text : text.substr(0, text.size() - 1);
    for (;;) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      new_line();
      if (end > 0) (out_.append(indent, ' ')) += rest.substr(0, end);
      if (end == rest.size()) return;
      rest.remove_prefix(end + 1);
    }
  }

  void new_line() { out_ += '\n'; }

  std::string& out_;
};

}  // namespace

std::string write_yaml(JsonView value) {
  std::string out;
  Writer(out).document(value);
  return out;
}

}  // namespace heirloom
