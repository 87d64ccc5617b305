// Label and field selectors: parsed once, matched often. Texts and errors as apimachinery's labels and fields
// packages.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace heirloom::schema {

inline constexpr std::size_t kMaxSelectorBytes = 64 * 1024;

enum class Operator { In, NotIn, Exists, DoesNotExist, GreaterThan, LessThan };

struct Requirement {
  std::string key;
  Operator op = Operator::Exists;
  std::vector<std::string> values;  // sorted, unique
  // labels: the object's metadata.labels, or Missing.
  bool matches(JsonView labels) const;
  bool operator==(const Requirement&) const = default;
};

// All requirements hold. Without any it selects everything; nothing() selects nothing.
class LabelSelector {
 public:
  LabelSelector() = default;
  explicit LabelSelector(std::vector<Requirement> requirements);
  static LabelSelector nothing();

  // "app=web,tier!=back,env in (a,b),x notin (c),key,!gone,n>5". Error: BadRequest in Kubernetes' words.
  static Result<LabelSelector> parse(std::string_view text);
  // meta/v1 LabelSelector {matchLabels, matchExpressions}. {} selects everything, null and Missing nothing.
  static Result<LabelSelector> from_json(JsonView selector);

  bool matches(JsonView labels) const;
  bool everything() const { return !nothing_ && requirements_.empty(); }
  const std::vector<Requirement>& requirements() const { return requirements_; }  // sorted by key
  std::string to_string() const;  // canonical: parse(to_string()) selects the same
  bool operator==(const LabelSelector&) const = default;

 private:
  bool nothing_ = false;
  std::vector<Requirement> requirements_;
};

struct FieldTerm {
  std::string field;
  std::string value;
  bool negated = false;
  bool operator==(const FieldTerm&) const = default;
};

class FieldSelector {
 public:
  FieldSelector() = default;
  // "metadata.name=x,status.phase!=Running"; \, \= and \\ are escapes. Error: BadRequest in Kubernetes'
  // words.
  static Result<FieldSelector> parse(std::string_view text);

  bool everything() const { return terms_.empty(); }
  const std::vector<FieldTerm>& terms() const { return terms_; }
  // Every term's field is one of these (in the order Kubernetes lists them); otherwise BadRequest:
  // `"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"`.
  Status check_fields(const std::vector<std::string>& known) const;
  // An absent field has the value "".
  bool matches(JsonView object) const;
  // metadata.name=x: the only object that can match.
  const std::string* required_value(std::string_view field) const;
  std::string to_string() const;
  bool operator==(const FieldSelector&) const = default;

 private:
  std::vector<FieldTerm> terms_;
};

}  // namespace heirloom::schema
