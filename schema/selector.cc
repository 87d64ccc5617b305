#include "schema/selector.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "schema/field_error.h"
#include "schema/names.h"

namespace heirloom::schema {

namespace {

enum class TokenKind { End, Word, Open, Close, Comma, Not, Equals, NotEquals, Greater, Less };

struct Token {
  TokenKind kind;
  std::string_view text;
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_symbol(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }

TokenKind symbol_kind(std::string_view symbol) {
  if (symbol == "=" || symbol == "==") return TokenKind::Equals;
  if (symbol == "!=") return TokenKind::NotEquals;
  switch (symbol.front()) {
    case '!':
      return TokenKind::Not;
    case '(':
      return TokenKind::Open;
    case ')':
      return TokenKind::Close;
    case '>':
      return TokenKind::Greater;
    case '<':
      return TokenKind::Less;
    default:
      return TokenKind::Comma;
  }
}

std::vector<Token> tokenize(std::string_view text) {
  text = text.substr(0, text.find('\0'));  // Kubernetes' lexer stops there
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (true) {
    while (at < text.size() && is_space(text[at])) ++at;
    if (at == text.size()) break;
    std::size_t end = at + 1;
    if (is_symbol(text[at])) {
      const bool doubles = (text[at] == '=' || text[at] == '!') && end < text.size() && text[end] == '=';
      if (doubles) ++end;
      tokens.push_back({symbol_kind(text.substr(at, end - at)), text.substr(at, end - at)});
    } else {
      while (end < text.size() && !is_symbol(text[end]) && !is_space(text[end])) ++end;
      tokens.push_back({TokenKind::Word, text.substr(at, end - at)});
    }
    at = end;
  }
  tokens.push_back({TokenKind::End, {}});
  return tokens;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status complaint(std::string_view format_word, std::string_view found, std::string_view expected) {
  return bad_request(fmt::format("found '{}'{} expected: {}", found, format_word, expected));
}
Status expected(std::string_view found, std::string_view what) { return complaint(",", found, what); }

Status check_key(std::string_view key) {
  const Complaints complaints = check_qualified_name(key);
  if (complaints.empty()) return {};
  return bad_request(fmt::format("invalid label key {}: {}", go_quote(key), fmt::join(complaints, "; ")));
}

// The rules of apimachinery's NewRequirement. Sorts the values.
Result<Requirement> make_requirement(std::string_view key, Operator op, std::vector<std::string> values) {
  TRY_VOID(check_key(key));
  const bool compares = op == Operator::GreaterThan || op == Operator::LessThan;
  if ((op == Operator::In || op == Operator::NotIn) && values.empty())
    return bad_request("for 'in', 'notin' operators, values set can't be empty");
  if ((op == Operator::Exists || op == Operator::DoesNotExist) && !values.empty())
    return bad_request("values set must be empty for exists and does not exist");
  if (compares && values.size() != 1)
    return bad_request("for 'Gt', 'Lt' operators, exactly one value is required");
  if (compares && !to_integer(values.front()))
    return bad_request("for 'Gt', 'Lt' operators, the value must be an integer");
  for (const std::string& value : values) {
    const Complaints complaints = check_label_value(value);
    if (!complaints.empty())
      return bad_request(fmt::format("invalid label value: {}: at key: {}: {}", go_quote(value),
                                     go_quote(key), fmt::join(complaints, "; ")));
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return Requirement{std::string(key), op, std::move(values)};
}

// One requirement after the other; error texts are those of apimachinery's parser.
class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : tokens_(tokenize(text)) {}

  Result<std::vector<Requirement>> parse() {
    std::vector<Requirement> out;
    while (true) {
      const Token token = peek();
      if (token.kind == TokenKind::End) return out;
      if (token.kind != TokenKind::Word && token.kind != TokenKind::Not)
        return expected(token.text, "!, identifier, or 'end of string'");
      Result<Requirement> requirement = parse_requirement();
      if (!requirement.ok()) return annotate(requirement.status(), "unable to parse requirement");
      out.push_back(std::move(requirement).value());
      const Token separator = next();
      if (separator.kind == TokenKind::End) return out;
      if (separator.kind != TokenKind::Comma) return expected(separator.text, "',' or 'end of string'");
      const Token after = peek();
      if (after.kind != TokenKind::Word && after.kind != TokenKind::Not)
        return expected(after.text, "identifier after ','");
    }
  }

 private:
  Token peek() const { return tokens_[std::min(at_, tokens_.size() - 1)]; }
  Token next() {
    const Token token = peek();
    ++at_;
    return token;
  }

  Result<Requirement> parse_requirement() {
    Token token = next();
    const bool negated = token.kind == TokenKind::Not;
    if (negated) token = next();
    if (token.kind != TokenKind::Word) return expected(token.text, "identifier");
    const std::string_view key = token.text;
    TRY_VOID(check_key(key));
    if (negated) return make_requirement(key, Operator::DoesNotExist, {});
    if (peek().kind == TokenKind::End || peek().kind == TokenKind::Comma)
      return make_requirement(key, Operator::Exists, {});

    const Token op = next();
    if (op.text == "in" || op.text == "notin") {
      TRY(std::vector<std::string> values, parse_values());
      return make_requirement(key, op.text == "in" ? Operator::In : Operator::NotIn, std::move(values));
    }
    Operator how = Operator::In;
    switch (op.kind) {
      case TokenKind::Equals:
        how = Operator::In;
        break;
      case TokenKind::NotEquals:
        how = Operator::NotIn;
        break;
      case TokenKind::Greater:
        how = Operator::GreaterThan;
        break;
      case TokenKind::Less:
        how = Operator::LessThan;
        break;
      default:
        return expected(op.text, "'=', '!=', '==', 'in', notin'");
    }
    if (peek().kind == TokenKind::End || peek().kind == TokenKind::Comma)
      return make_requirement(key, how, {""});
    const Token value = next();
    if (value.kind != TokenKind::Word) return expected(value.text, "identifier");
    return make_requirement(key, how, {std::string(value.text)});
  }

  // "(a,b)", also with empty values: "()", "(,a)", "(a,)".
  Result<std::vector<std::string>> parse_values() {
    if (const Token open = next(); open.kind != TokenKind::Open) return complaint("", open.text, "'('");
    std::vector<std::string> values;
    if (peek().kind == TokenKind::Close) {
      next();
      values.emplace_back();
      return values;
    }
    if (peek().kind != TokenKind::Word && peek().kind != TokenKind::Comma)
      return expected(peek().text, "',', ')' or identifier");
    while (true) {
      const Token token = next();
      if (token.kind == TokenKind::Word) {
        values.emplace_back(token.text);
        if (peek().kind == TokenKind::Comma) continue;
        if (peek().kind != TokenKind::Close) return expected(peek().text, "',' or ')'");
      } else if (token.kind == TokenKind::Comma) {
        const TokenKind after = peek().kind;
        if (values.empty() || after == TokenKind::Close || after == TokenKind::Comma) values.emplace_back();
        if (after != TokenKind::Close) continue;
      } else {
        return expected(token.text, "',', or identifier");
      }
      next();  // the parenthesis
      return values;
    }
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

Status check_length(std::string_view text) {
  if (text.size() <= kMaxSelectorBytes) return {};
  return bad_request(
      fmt::format("selector of {} bytes is too long: the limit is {}", text.size(), kMaxSelectorBytes));
}

// A field's value as selectors compare it; absent is "".
std::string field_text(JsonView object, std::string_view field) {
  JsonView value = object;
  while (!field.empty()) {
    const std::size_t dot = std::min(field.find('.'), field.size());
    value = value[field.substr(0, dot)];
    field.remove_prefix(std::min(dot + 1, field.size()));
  }
  if (value.is_string()) return std::string(value.string());
  if (value.is_bool() || value.is_number()) return write_json(value);
  return {};
}

// At unescaped commas; escapes stay.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ',') {
      terms.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  terms.push_back(text.substr(start));
  return terms;
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ',' || c == '=')
      return bad_request(
          fmt::format("invalid field selector: unescaped character in value: {}", static_cast<int>(c)));
    if (c != '\\') {
      out.push_back(c);
      continue;
    }
    const std::string_view escaped = text.substr(i + 1, 1);
    if (escaped != "\\" && escaped != "," && escaped != "=")
      return bad_request(fmt::format("invalid field selector: invalid escape sequence: \\{}", escaped));
    out.append(escaped);
    ++i;
  }
  return out;
}

}  // namespace

bool Requirement::matches(JsonView labels) const {
  const JsonView label = labels[key];
  const bool present = label.is_string();
  const auto listed = [&] { return std::binary_search(values.begin(), values.end(), label.string()); };
  switch (op) {
    case Operator::In:
      return present && listed();
    case Operator::NotIn:
      return !present || !listed();
    case Operator::Exists:
      return present;
    case Operator::DoesNotExist:
      return !present;
    case Operator::GreaterThan:
    case Operator::LessThan: {
      if (!present || values.empty()) return false;
      const auto have = to_integer(label.string()), bound = to_integer(values.front());
      return have && bound && (op == Operator::GreaterThan ? *have > *bound : *have < *bound);
    }
  }
  return false;
}

LabelSelector::LabelSelector(std::vector<Requirement> requirements) : requirements_(std::move(requirements)) {
  std::stable_sort(requirements_.begin(), requirements_.end(),
                   [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
}

LabelSelector LabelSelector::nothing() {
  LabelSelector out;
  out.nothing_ = true;
  return out;
}

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  TRY_VOID(check_length(text));
  TRY(std::vector<Requirement> requirements, SelectorParser(text).parse());
  return LabelSelector(std::move(requirements));
}

Result<LabelSelector> LabelSelector::from_json(JsonView selector) {
  if (!selector.exists() || selector.is_null()) return nothing();
  if (!selector.is_object()) return bad_request("a label selector must be an object");
  std::vector<Requirement> requirements;
  for (const JsonMember label : selector["matchLabels"].members()) {
    TRY(Requirement requirement,
        make_requirement(label.key, Operator::In, {std::string(label.value.string())}));
    requirements.push_back(std::move(requirement));
  }
  for (const JsonView expression : selector["matchExpressions"].elements()) {
    static constexpr std::pair<std::string_view, Operator> kOperators[] = {
        {"In", Operator::In},
        {"NotIn", Operator::NotIn},
        {"Exists", Operator::Exists},
        {"DoesNotExist", Operator::DoesNotExist}};
    const std::string_view name = expression["operator"].string();
    const auto* op = std::find_if(std::begin(kOperators), std::end(kOperators),
                                  [&](const auto& entry) { return entry.first == name; });
    if (op == std::end(kOperators))
      return bad_request(fmt::format("{} is not a valid label selector operator", go_quote(name)));
    std::vector<std::string> values;
    for (const JsonView value : expression["values"].elements()) values.emplace_back(value.string());
    TRY(Requirement requirement, make_requirement(expression["key"].string(), op->second, std::move(values)));
    requirements.push_back(std::move(requirement));
  }
  return LabelSelector(std::move(requirements));
}

bool LabelSelector::matches(JsonView labels) const {
  return !nothing_ && std::all_of(requirements_.begin(), requirements_.end(),
                                  [&](const Requirement& r) { return r.matches(labels); });
}

std::string LabelSelector::to_string() const {
  std::string out;
  for (const Requirement& r : requirements_) {
    if (!out.empty()) out.push_back(',');
    const bool single = r.values.size() == 1;
    switch (r.op) {
      case Operator::In:
      case Operator::NotIn: {
        const bool in = r.op == Operator::In;
        out += r.key;
        if (single) {
          out.append(in ? "=" : "!=").append(r.values.front());
        } else {
          out += fmt::format(" {} ({})", in ? "in" : "notin", fmt::join(r.values, ","));
        }
        break;
      }
      case Operator::Exists:
        out += r.key;
        break;
      case Operator::DoesNotExist:
        out += "!" + r.key;
        break;
      case Operator::GreaterThan:
        out += fmt::format("{}>{}", r.key, fmt::join(r.values, ","));
        break;
      case Operator::LessThan:
        out += fmt::format("{}<{}", r.key, fmt::join(r.values, ","));
        break;
    }
  }
  return out;
}

Result<FieldSelector> FieldSelector::parse(std::string_view text) {
  TRY_VOID(check_length(text));
  FieldSelector out;
  for (const std::string_view term : split_terms(text)) {
    if (term.empty()) continue;
    const std::size_t at = std::min(term.find("!="), term.find('='));
    if (at == std::string_view::npos)
      return bad_request(fmt::format("invalid selector: '{}'; can't understand '{}'", text, term));
    const bool negated = term[at] == '!';
    const std::size_t width = negated || term.substr(at).starts_with("==") ? 2 : 1;
    TRY(std::string value, unescape(term.substr(at + width)));
    out.terms_.push_back({std::string(term.substr(0, at)), std::move(value), negated});
  }
  return out;
}

Status FieldSelector::check_fields(const std::vector<std::string>& known) const {
  for (const FieldTerm& term : terms_) {
    if (std::find(known.begin(), known.end(), term.field) != known.end()) continue;
    std::vector<std::string> quoted;
    for (const std::string& field : known) quoted.push_back(go_quote(field));
    return bad_request(fmt::format("{} is not a known field selector: only {}", go_quote(term.field),
                                   fmt::join(quoted, ", ")));
  }
  return {};
}

bool FieldSelector::matches(JsonView object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const FieldTerm& term) {
    return (field_text(object, term.field) == term.value) != term.negated;
  });
}

const std::string* FieldSelector::required_value(std::string_view field) const {
  for (const FieldTerm& term : terms_)
    if (!term.negated && term.field == field) return &term.value;
  return nullptr;
}

std::string FieldSelector::to_string() const {
  std::string out;
  for (const FieldTerm& term : terms_) {
    if (!out.empty()) out.push_back(',');
    out.append(term.field).append(term.negated ? "!=" : "=");
    for (const char c : term.value) {
      if (c == '\\' || c == ',' || c == '=') out.push_back('\\');
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace heirloom::schema
