// The one file that includes yaml-cpp: its events become a graph, in which aliases are edges; the graph
// becomes Json.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <unordered_map>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "base/yaml_scalar.h"

namespace heirloom {
namespace {

constexpr std::size_t kMaxDepth = 400;        // yaml-cpp itself gives up at 500
constexpr std::size_t kMaxNodes = 4'000'000;  // after aliases were expanded
constexpr std::size_t kMaxAliasBytes =
    64 * 1024 * 1024;  // of strings, beyond what the text itself could hold

constexpr std::string_view kPlainTag = "?";  // how yaml-cpp marks an unquoted scalar without a tag
constexpr std::string_view kStandardTags = "tag:yaml.org,2002:";

Status yaml_error(const YAML::Mark& mark, std::string_view why) {
  return bad_request(
      fmt::format("invalid YAML at line {}, column {}: {}", mark.line + 1, mark.column + 1, why));
}

struct Node {
  enum class Kind { Scalar, Sequence, Map };
  Kind kind = Kind::Scalar;
  bool open = false;
  bool is_block_map = false;
  YAML::Mark mark;
  std::string tag;
  std::string text;
  std::vector<std::uint32_t> children;  // of a map: key, value, key, value
};

// Collects one document. Refuses by throwing yaml-cpp's own exception: there is no other way out of its
// parser.
class Graph final : public YAML::EventHandler {
 public:
  bool empty() const { return nodes_.empty(); }
  const Node& node(std::uint32_t i) const { return nodes_[i]; }

  const YAML::Mark& start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_missing_colon(mark);
    add({Node::Kind::Scalar, false, false, mark, std::string(kPlainTag), {}, {}}, anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    add({Node::Kind::Scalar, false, false, mark, tag, text, {}}, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin({Node::Kind::Sequence, true, false, mark, {}, {}, {}}, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    begin({Node::Kind::Map, true, style == YAML::EmitterStyle::Block, mark, {}, {}, {}}, anchor);
  }
  void OnMapEnd() override { end(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw YAML::ParserException(mark, "the alias names no anchor");
    if (nodes_[found->second].open) throw YAML::ParserException(mark, "the alias is inside of what it names");
    if (!open_.empty()) nodes_[open_.back()].children.push_back(found->second);
  }

 private:
  std::uint32_t add(Node node, YAML::anchor_t anchor) {
    if (nodes_.size() >= kMaxNodes) throw YAML::ParserException(node.mark, "too many values");
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(std::move(node));
    if (anchor != 0) anchors_[anchor] = index;
    if (!open_.empty()) nodes_[open_.back()].children.push_back(index);
    return index;
  }
  // A line such as "name web" in a block map: yaml-cpp makes it a key without a value, and the mark of that
  // value is the key's own.
  void refuse_missing_colon(const YAML::Mark& mark) const {
    if (open_.empty() || !nodes_[open_.back()].is_block_map) return;
    const std::vector<std::uint32_t>& children = nodes_[open_.back()].children;
    if (children.size() % 2 == 1 && nodes_[children.back()].mark.pos == mark.pos)
      throw YAML::ParserException(mark, "a key without a colon");
  }
  void begin(Node node, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) throw YAML::ParserException(node.mark, "nested too deeply");
    open_.push_back(add(std::move(node), anchor));
  }
  void end() {
    nodes_[open_.back()].open = false;
    open_.pop_back();
  }

  YAML::Mark start_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> open_;
  std::unordered_map<YAML::anchor_t, std::uint32_t> anchors_;
};

// A double as a map key: strconv.FormatFloat(value, 'g', -1, 32).
std::string float_key(double value) {
  const auto narrow = static_cast<float>(value);
  if (std::isnan(narrow)) return ".nan";
  if (std::isinf(narrow)) return narrow > 0 ? ".inf" : "-.inf";
  std::array<char, 64> buffer;
  char* const begin = buffer.data();
  const auto end = std::to_chars(begin, begin + buffer.size(), narrow, std::chars_format::scientific);
  const std::string scientific(begin, end.ptr);
  const int power = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  if (power < -4 || power >= 6) return scientific;
  return std::string(begin,
                     std::to_chars(begin, begin + buffer.size(), narrow, std::chars_format::fixed).ptr);
}

class Converter {
 public:
  Converter(const Graph& graph, std::size_t max_text_bytes) : graph_(graph), bytes_left_(max_text_bytes) {}

  Result<Json> convert() {
    TRY_VOID(value(0, 0));
    return out_.take();
  }

 private:
  Status value(std::uint32_t index, std::size_t depth) {
    const Node& node = graph_.node(index);
    TRY_VOID(spend(node, depth));
    switch (node.kind) {
      case Node::Kind::Scalar:
        return scalar(node);
      case Node::Kind::Sequence:
        out_.begin_array();
        for (const std::uint32_t child : node.children) TRY_VOID(value(child, depth + 1));
        out_.end_array();
        return {};
      case Node::Kind::Map:
        out_.begin_object();
        TRY_VOID(members(node, depth));
        out_.end_object();
        return {};
    }
    return {};
  }

  // Later members replace earlier ones, so what has less weight comes first: merged maps, the last one
  // foremost.
  Status members(const Node& map, std::size_t depth) {
    for (std::size_t i = 0; i + 1 < map.children.size(); i += 2)
      if (is_merge(graph_.node(map.children[i])))
        TRY_VOID(merge(graph_.node(map.children[i + 1]), depth + 1));
    for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
      const Node& key = graph_.node(map.children[i]);
      if (is_merge(key)) continue;
      TRY_VOID(spend(key, depth));
      TRY(const std::string text, key_text(key));
      out_.key(text);
      TRY_VOID(value(map.children[i + 1], depth + 1));
    }
    return {};
  }

  static bool is_merge(const Node& key) {
    return key.kind == Node::Kind::Scalar && key.text == "<<" &&
           (key.tag == kPlainTag || key.tag == "tag:yaml.org,2002:merge");
  }

  Status merge(const Node& source, std::size_t depth) {
    TRY_VOID(spend(source, depth));
    if (source.kind == Node::Kind::Map) return members(source, depth);
    const Status refused = yaml_error(source.mark, "a merge (<<) needs a map or a list of maps");
    if (source.kind != Node::Kind::Sequence) return refused;
    for (auto child = source.children.rbegin(); child != source.children.rend(); ++child) {
      const Node& map = graph_.node(*child);
      if (map.kind != Node::Kind::Map) return refused;
      TRY_VOID(spend(map, depth));
      TRY_VOID(members(map, depth));
    }
    return {};
  }

  Status spend(const Node& node, std::size_t depth) {
    if (depth > kMaxDepth) return yaml_error(node.mark, "nested too deeply through aliases");
    if (++nodes_ > kMaxNodes || node.text.size() > bytes_left_)
      return yaml_error(node.mark, "too large: aliases repeat too much");
    bytes_left_ -= node.text.size();
    return {};
  }

  Status scalar(const Node& node) {
    TRY(const detail::PlainScalar resolved, resolve(node));
    if (const bool* boolean = std::get_if<bool>(&resolved)) {
      out_.boolean(*boolean);
    } else if (const auto* integer = std::get_if<std::int64_t>(&resolved)) {
      out_.int64(*integer);
    } else if (const auto* big = std::get_if<std::uint64_t>(&resolved)) {
      out_.uint64(*big);
    } else if (const auto* number = std::get_if<double>(&resolved)) {
      if (!std::isfinite(*number)) return yaml_error(node.mark, "JSON has no infinity and no NaN");
      // As in Kubernetes, where YAML passes through JSON text: 1.0 and 1e3 become integers.
      JsonBuilder as_number;
      as_number.number(*number);
      TRY(const Json again, Json::parse(write_json(as_number.take())));
      out_.value(again);
    } else if (std::holds_alternative<std::nullptr_t>(resolved)) {
      out_.null();
    } else if (node.tag == "tag:yaml.org,2002:binary") {
      Result<std::string> bytes = decode_base64(node.text);
      if (!bytes.ok()) return yaml_error(node.mark, bytes.status().message());
      out_.string(*bytes);
    } else {
      out_.string(node.text);
    }
    return {};
  }

  Result<std::string> key_text(const Node& key) {
    if (key.kind != Node::Kind::Scalar) return yaml_error(key.mark, "a map or a list cannot be a key");
    TRY(const detail::PlainScalar resolved, resolve(key));
    if (const bool* boolean = std::get_if<bool>(&resolved)) return std::string(*boolean ? "true" : "false");
    if (const auto* integer = std::get_if<std::int64_t>(&resolved)) return std::to_string(*integer);
    if (const auto* big = std::get_if<std::uint64_t>(&resolved)) return std::to_string(*big);
    if (const auto* number = std::get_if<double>(&resolved)) return float_key(*number);
    if (std::holds_alternative<std::nullptr_t>(resolved)) return yaml_error(key.mark, "null cannot be a key");
    return key.text;
  }

  // Quoted scalars and unknown tags are strings; the tags of YAML's own types must fit the text.
  static Result<detail::PlainScalar> resolve(const Node& node) {
    if (node.tag == kPlainTag) return detail::resolve_plain_scalar(node.text);
    if (!node.tag.starts_with(kStandardTags)) return detail::PlainScalar();
    const std::string_view type = std::string_view(node.tag).substr(kStandardTags.size());
    if (type != "int" && type != "float" && type != "bool" && type != "null") return detail::PlainScalar();
    const detail::PlainScalar resolved = detail::resolve_plain_scalar(node.text);
    const auto* integer = std::get_if<std::int64_t>(&resolved);
    const auto* big = std::get_if<std::uint64_t>(&resolved);
    if (type == "float" && integer != nullptr) return detail::PlainScalar(static_cast<double>(*integer));
    if (type == "float" && big != nullptr) return detail::PlainScalar(static_cast<double>(*big));
    const bool fits = (type == "int" && (integer != nullptr || big != nullptr)) ||
                      (type == "float" && std::holds_alternative<double>(resolved)) ||
                      (type == "bool" && std::holds_alternative<bool>(resolved)) ||
                      (type == "null" && std::holds_alternative<std::nullptr_t>(resolved));
    if (!fits) return yaml_error(node.mark, fmt::format("this is no !!{}", type));
    return resolved;
  }

  const Graph& graph_;
  std::size_t nodes_ = 0;
  std::size_t bytes_left_;
  JsonBuilder out_;
};

// What yaml-cpp would misread: it takes U+0004 for the end of the text and guesses at bytes that are not
// UTF-8.
Status check_characters(std::string_view text) {
  if (!is_valid_utf8(text)) return bad_request("invalid YAML: the text is not UTF-8");
  const std::size_t at = detail::find_unprintable(text);
  if (at == std::string_view::npos) return {};
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  return bad_request(fmt::format("invalid YAML at line {}: control characters are not allowed", line));
}

// YAML takes every kind of line break for a line feed; yaml-cpp leaves carriage returns in the text of
// scalars.
std::string normalized(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r')
      out += text[i];
    else if (i + 1 == text.size() || text[i + 1] != '\n')
      out += '\n';
  }
  return out;
}

// yaml-cpp takes text behind a finished document for the next one, and stays at some of it for ever: a
// further document must begin with --- or follow a line of three dots.
class DocumentStarts {
 public:
  explicit DocumentStarts(std::string_view text) : rest_(text) {}

  // Whether a document may start at this line (from 0); lines only grow.
  bool separated(int line) {
    bool dots = false;
    while (line_ < line && !rest_.empty()) {
      dots = dots || rest_.starts_with("...");
      const std::size_t end = rest_.find('\n');
      rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
      ++line_;
    }
    const bool first = last_ < 0;
    const bool marked = rest_.starts_with("---") && last_ != line;
    last_ = line;
    return first || dots || marked;
  }

 private:
  std::string_view rest_;
  int line_ = 0;
  int last_ = -1;  // where the document before began
};

bool looks_like_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

Status read_documents(const std::string& text, std::vector<Json>& documents) {
  std::istringstream stream(text);
  // yaml-cpp reports by exceptions; this is where they end.
  try {
    YAML::Parser parser(stream);
    DocumentStarts starts(text);
    for (;;) {
      Graph graph;
      if (!parser.HandleNextDocument(graph)) break;
      if (!starts.separated(graph.start().line))
        return yaml_error(graph.start(), "unexpected text behind the document");
      if (graph.empty()) continue;
      TRY(Json document, Converter(graph, 2 * text.size() + kMaxAliasBytes).convert());
      if (!document.is_null()) documents.push_back(std::move(document));
    }
  } catch (const YAML::Exception& e) {
    return yaml_error(e.mark, e.msg);
  }
  return {};
}

}  // namespace

Result<std::vector<Json>> parse_yaml_documents(std::string_view text) {
  std::vector<Json> documents;
  if (looks_like_json(text)) {  // as in kubectl; what fails may still be a YAML flow map
    if (Result<Json> json = Json::parse(text); json.ok()) {
      documents.push_back(std::move(json).value());
      return documents;
    }
  }
  TRY_VOID(check_characters(text));
  // yaml-cpp lets the end of the text close an open quote. A line of three dots cannot stand in one: it shows
  // the error.
  const std::string lines = normalized(text);
  if (lines.ends_with('\n')) {
    TRY_VOID(read_documents(lines + "...\n", documents));
    return documents;
  }
  // Here the dots need a line feed before them, which a block scalar at the end would take for its own.
  TRY_VOID(read_documents(lines, documents));
  std::vector<Json> ignored;
  TRY_VOID(read_documents(lines + "\n...\n", ignored));
  return documents;
}

Result<Json> parse_yaml(std::string_view text) {
  TRY(std::vector<Json> documents, parse_yaml_documents(text));
  if (documents.size() != 1)
    return bad_request(fmt::format("expected one YAML document, found {}", documents.size()));
  return std::move(documents.front());
}

}  // namespace heirloom
