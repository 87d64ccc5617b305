#include "e2e/coroutine_lint.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <optional>

namespace heirloom::e2e {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Statements of one function body, block by block, just well enough to tell a block's brace from an
// initialiser's.
class StatementReader {
 public:
  explicit StatementReader(const SourceFile& file) : file_(file), code_(file.code) {}

  Violations read() {
    blocks_.push_back({});
    while (at_ < code_.size()) step();
    return std::move(found_);
  }

 private:
  struct Statement {
    std::optional<size_t> await_at;
    bool brace = false;
    bool lambda = false;
    std::vector<int> choices;  // how deep in parentheses each ?:, && and || stands
    int await_depth = 0;
    bool assertion = false;
    bool lambda_pending = false;  // its introducer was read, its body not yet
  };
  struct Block {
    Statement statement;
    bool initialiser = false;
    bool body_of_lambda = false;
  };

  void step() {
    const char c = code_[at_];
    if (is_word(c)) {
      word();
      return;
    }
    if (c == '#' && line_is_blank_before()) {
      skip_directive();
      return;
    }
    if (c == ';') end_statement();
    if (c == '{') open();
    if (c == '}') close();
    if (c == '[') bracket();
    parenthesis(c);
    if (at_ + 1 < code_.size()) operators(c, code_[at_ + 1]);
    if (!std::isspace(static_cast<unsigned char>(c))) {
      previous_.assign(1, c);
    }
    ++at_;
  }

  void word() {
    const size_t begin = at_;
    while (at_ < code_.size() && is_word(code_[at_])) ++at_;
    previous_ = code_.substr(begin, at_ - begin);
    if (previous_ == "co_await") {
      current().await_at = begin;
      current().await_depth = depth_;
    }
    if (previous_ == "if" || previous_ == "while" || previous_ == "for" || previous_ == "switch")
      heads_.push_back(depth_);
    for (const char* name :
         {"CHECK", "REQUIRE", "CHECK_FALSE", "REQUIRE_FALSE", "CHECK_MESSAGE", "CHECK_EQ"}) {
      if (previous_ == name) current().assertion = true;
    }
  }

  void operators(char c, char next) {
    const bool spaced = at_ > 0 && code_[at_ - 1] == ' ';
    if (spaced && ((c == '?' && next == ' ') || (c == '&' && next == '&') || (c == '|' && next == '|'))) {
      current().choices.push_back(depth_);
    }
  }

  // The head of an if, while or for is an expression of its own.
  void parenthesis(char c) {
    if (c == '(') ++depth_;
    if (c != ')') return;
    --depth_;
    if (!heads_.empty() && heads_.back() == depth_) {
      heads_.pop_back();
      end_statement();
    }
  }

  void open() {
    if (current().lambda_pending) {
      current().lambda_pending = false;
      blocks_.push_back({.statement = {}, .initialiser = false, .body_of_lambda = true});
    } else if (starts_initialiser()) {
      current().brace = true;
      const Statement outer = current();  // an initialiser is part of the expression around it
      blocks_.push_back({.statement = outer, .initialiser = true, .body_of_lambda = false});
    } else {
      end_statement();
      blocks_.push_back({});
    }
  }

  void close() {
    if (blocks_.size() < 2) return;
    const Block closed = blocks_.back();
    blocks_.pop_back();
    if (closed.initialiser) {
      current() = closed.statement;
    } else if (!closed.body_of_lambda) {
      current() = {};
    }
  }

  void bracket() {
    if (at_ + 1 < code_.size() && code_[at_ + 1] == '[') {  // an attribute
      ++at_;
      return;
    }
    const bool subscript = !previous_.empty() && (is_word(previous_[0]) || previous_ == ")" ||
                                                  previous_ == "]" || previous_ == "[" || previous_ == "&");
    if (subscript && previous_ != "return" && previous_ != "co_return") return;
    current().lambda = true;
    current().lambda_pending = true;
  }

  // Whether the brace at hand begins a braced initialiser: T{..}, ({..}, = {..}, , {..}.
  bool starts_initialiser() const {
    if (previous_.empty()) return false;
    for (const char* keyword : {"else", "do", "try", "const", "override", "noexcept", "final", "mutable"}) {
      if (previous_ == keyword) return false;
    }
    if (in_type_definition()) return false;
    return is_word(previous_[0]) || previous_ == "(" || previous_ == "," || previous_ == "=" ||
           previous_ == ">" || (previous_ == "{" && blocks_.back().initialiser);
  }

  // struct X {, namespace y {, enum class E : int {, and functions with a trailing return type: read
  // backwards.
  bool in_type_definition() const {
    size_t begin = at_;
    while (begin > 0 && code_[begin - 1] != ';' && code_[begin - 1] != '{' && code_[begin - 1] != '}')
      --begin;
    const auto head = std::string_view(code_).substr(begin, at_ - begin);
    for (const char* keyword : {"struct ", "class ", "namespace ", "enum ", "union ", "namespace\n", "->"}) {
      if (head.find(keyword) != std::string_view::npos && head.find('=') == std::string_view::npos)
        return true;
    }
    return head.find_first_not_of(" \n") == std::string_view::npos;
  }

  void end_statement() {
    Statement& statement = current();
    if (statement.await_at) report(statement);
    statement = {};
  }

  void report(const Statement& statement) {
    const char* what = nullptr;
    if (statement.brace) what = "a braced initialiser";
    if (statement.lambda) what = "a lambda";
    for (const int depth : statement.choices) {  // one inside the arguments of what is awaited does no harm
      if (depth <= statement.await_depth) what = "?:, && or ||";
    }
    if (statement.assertion) what = "a test assertion";
    if (what == nullptr) return;
    found_.push_back(fmt::format("{}:{}: co_await and {} in one expression; bind it to a named local first",
                                 file_.path, line_of(code_, *statement.await_at), what));
  }

  bool line_is_blank_before() const {
    const auto line = code_.rfind('\n', at_);
    const auto begin = line == std::string::npos ? 0 : line + 1;
    return code_.find_first_not_of(" \t", begin) == at_;
  }

  void skip_directive() {
    while (at_ < code_.size() && code_[at_] != '\n') {
      if (code_[at_] == '\\') ++at_;  // continued on the next line
      ++at_;
    }
  }

  Statement& current() { return blocks_.back().statement; }

  const SourceFile& file_;
  const std::string& code_;
  size_t at_ = 0;
  int depth_ = 0;           // of parentheses
  std::vector<int> heads_;  // depths at which an if, while or for waits for its head to close
  std::string previous_;    // the token before
  std::vector<Block> blocks_;
  Violations found_;
};

// The offset of the bracket that closes the one at `open`.
size_t closing(std::string_view code, size_t open, char opener, char closer) {
  int depth = 0;
  for (size_t i = open; i < code.size(); ++i) {
    if (code[i] == opener) ++depth;
    if (code[i] == closer && --depth == 0) return i;
  }
  return std::string_view::npos;
}

size_t skip_spaces(std::string_view code, size_t at) {
  while (at < code.size() && std::isspace(static_cast<unsigned char>(code[at])) != 0) ++at;
  return at;
}

}  // namespace

Violations awaits_with_temporaries(const SourceFile& file) { return StatementReader(file).read(); }

Violations coroutines_with_borrowed_parameters(const SourceFile& file) {
  Violations found;
  const std::string_view code = file.code;
  for (size_t at = code.find("Task<"); at != std::string_view::npos; at = code.find("Task<", at + 1)) {
    if (at > 0 && is_word(code[at - 1])) continue;
    const auto end = closing(code, at + 4, '<', '>');
    if (end == std::string_view::npos) continue;
    const auto name = skip_spaces(code, end + 1);
    auto open = name;
    while (open < code.size() && (is_word(code[open]) || code[open] == ':')) ++open;
    if (open == name || open >= code.size() || code[open] != '(') continue;  // a variable, a function type
    const auto close = closing(code, open, '(', ')');
    if (close == std::string_view::npos) continue;
    const auto line_end = file.text.find('\n', close);
    const auto line_begin = file.text.rfind('\n', at) + 1;
    const auto lines = std::string_view(file.text).substr(line_begin, line_end - line_begin);
    if (lines.find("// not a coroutine") != std::string_view::npos) continue;
    const auto parameters = code.substr(open, close - open);
    for (const char* borrowed : {"&", "string_view", "span<", "JsonView"}) {
      if (parameters.find(borrowed) == std::string_view::npos) continue;
      found.push_back(fmt::format("{}:{}: {} returns Task and takes a '{}' parameter; take it by value",
                                  file.path, line_of(code, name), code.substr(name, open - name), borrowed));
      break;
    }
  }
  return found;
}

}  // namespace heirloom::e2e
