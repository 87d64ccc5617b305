#include "schema/names.h"

#include <algorithm>

#include <fmt/format.h>

namespace heirloom::schema {

namespace {

constexpr std::size_t kMaxLabelLength = 63;       // DNS label, name part, label value
constexpr std::size_t kMaxSubdomainLength = 253;  // DNS subdomain
constexpr std::size_t kSuffixLength = 5;          // of generated names

constexpr std::string_view kLabelFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kSubdomainFormat =
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
constexpr std::string_view kDns1035Format = "[a-z]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kQualifiedFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
constexpr std::string_view kLabelValueFormat = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

constexpr std::string_view kLabelRule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end "
    "with an alphanumeric character";
constexpr std::string_view kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start "
    "and end with an alphanumeric character";
constexpr std::string_view kDns1035Rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, "
    "and end with an alphanumeric character";
constexpr std::string_view kQualifiedRule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character";
constexpr std::string_view kLabelValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start "
    "and end with an alphanumeric character";

// Finalizers that may go without a prefix.
constexpr std::string_view kStandardFinalizers[] = {"kubernetes", "orphan", "foregroundDeletion"};

std::string regex_message(std::string_view rule, std::string_view format,
                          std::initializer_list<std::string_view> examples) {
  std::string out(rule);
  out += " (e.g. ";
  bool first = true;
  for (const std::string_view example : examples) {
    if (!first) out += " or ";
    first = false;
    out.append("'").append(example).append("', ");
  }
  out.append("regex used for validation is '").append(format).append("')");
  return out;
}

std::string length_message(std::size_t max) { return fmt::format("must be no more than {} characters", max); }

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower_or_digit(char c) { return is_lower(c) || is_digit(c); }
bool is_alphanumeric(char c) { return is_lower_or_digit(c) || is_upper(c); }

bool is_label(std::string_view value) {
  return !value.empty() && is_lower_or_digit(value.front()) && is_lower_or_digit(value.back()) &&
         std::all_of(value.begin(), value.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_subdomain(std::string_view value) {
  while (true) {
    const std::size_t dot = value.find('.');
    if (!is_label(value.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    value.remove_prefix(dot + 1);
  }
}

bool is_name_part(std::string_view value) {
  return !value.empty() && is_alphanumeric(value.front()) && is_alphanumeric(value.back()) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string qualified_message() {
  return regex_message(kQualifiedRule, kQualifiedFormat, {"MyName", "my.name", "123-abc"});
}

void append_complaints(FieldErrors& errors, const std::string& path, std::string_view value,
                       const Complaints& complaints) {
  for (const std::string& complaint : complaints) errors.push_back(invalid_value(path, value, complaint));
}

void append_all(FieldErrors& errors, FieldErrors more) {
  errors.insert(errors.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Complaints check_dns1123_label(std::string_view value) {
  Complaints out;
  if (value.size() > kMaxLabelLength) out.push_back(length_message(kMaxLabelLength));
  if (!is_label(value)) out.push_back(regex_message(kLabelRule, kLabelFormat, {"my-name", "123-abc"}));
  return out;
}

Complaints check_dns1123_subdomain(std::string_view value) {
  Complaints out;
  if (value.size() > kMaxSubdomainLength) out.push_back(length_message(kMaxSubdomainLength));
  if (!is_subdomain(value)) out.push_back(regex_message(kSubdomainRule, kSubdomainFormat, {"example.com"}));
  return out;
}

Complaints check_dns1035_label(std::string_view value) {
  Complaints out;
  if (value.size() > kMaxLabelLength) out.push_back(length_message(kMaxLabelLength));
  if (!is_label(value) || !is_lower(value.front()))
    out.push_back(regex_message(kDns1035Rule, kDns1035Format, {"my-name", "abc-123"}));
  return out;
}

Complaints check_qualified_name(std::string_view value) {
  Complaints out;
  std::string_view name = value;
  if (const std::size_t slash = value.find('/'); slash != std::string_view::npos) {
    const std::string_view prefix = value.substr(0, slash);
    name = value.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      out.push_back("a qualified name " + qualified_message() +
                    " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
      return out;
    }
    if (prefix.empty()) {
      out.emplace_back("prefix part must be non-empty");
    } else {
      for (const std::string& complaint : check_dns1123_subdomain(prefix))
        out.push_back("prefix part " + complaint);
    }
  }
  if (name.empty()) out.emplace_back("name part must be non-empty");
  if (name.size() > kMaxLabelLength) out.push_back("name part " + length_message(kMaxLabelLength));
  if (!is_name_part(name)) out.push_back("name part " + qualified_message());
  return out;
}

Complaints check_label_value(std::string_view value) {
  Complaints out;
  if (value.size() > kMaxLabelLength) out.push_back(length_message(kMaxLabelLength));
  if (!value.empty() && !is_name_part(value))
    out.push_back(regex_message(kLabelValueRule, kLabelValueFormat, {"MyValue", "my_value", "12345"}));
  return out;
}

Complaints check_path_segment_name(std::string_view value) {
  for (const std::string_view banned : {".", ".."})
    if (value == banned) return {fmt::format("may not be '{}'", banned)};
  Complaints out;
  for (const char banned : {'/', '%'})
    if (value.find(banned) != std::string_view::npos)
      out.push_back(fmt::format("may not contain '{}'", banned));
  return out;
}

Complaints check_generate_name(std::string_view prefix, NameCheck check) {
  // A trailing dash is fine: the suffix follows it.
  std::string name(prefix);
  if (!name.empty() && name.back() == '-') name.back() = 'a';
  return check(name);
}

std::string generated_name(std::string_view prefix, std::string_view suffix) {
  return std::string(prefix.substr(0, kMaxLabelLength - kSuffixLength)).append(suffix);
}

FieldErrors validate_labels(JsonView labels, const std::string& path) {
  FieldErrors errors;
  for (const JsonMember label : labels.members()) {
    append_complaints(errors, path, label.key, check_qualified_name(label.key));
    append_complaints(errors, path, label.value.string(), check_label_value(label.value.string()));
    if (errors.size() >= kMaxFieldErrors) break;
  }
  return errors;
}

FieldErrors validate_annotations(JsonView annotations, const std::string& path) {
  FieldErrors errors;
  std::size_t total = 0;
  for (const JsonMember annotation : annotations.members()) {
    // Upper case is allowed in an annotation's prefix, unlike in a label's.
    std::string lower(annotation.key);
    for (char& c : lower)
      if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
    append_complaints(errors, path, annotation.key, check_qualified_name(lower));
    total += annotation.key.size() + annotation.value.string().size();
    if (errors.size() >= kMaxFieldErrors) break;
  }
  if (total > kMaxAnnotationBytes) errors.push_back(too_long_value(path, kMaxAnnotationBytes));
  return errors;
}

FieldErrors validate_finalizers(JsonView finalizers, const std::string& path, bool standard_only) {
  FieldErrors errors;
  bool orphan = false, foreground = false;
  std::size_t index = 0;
  for (const JsonView element : finalizers.elements()) {
    const std::string_view finalizer = element.string();
    const std::size_t here = index++;
    orphan = orphan || finalizer == "orphan";
    foreground = foreground || finalizer == "foregroundDeletion";
    const Complaints complaints = check_qualified_name(finalizer);
    append_complaints(errors, path, finalizer, complaints);
    if (standard_only && complaints.empty() && finalizer.find('/') == std::string_view::npos &&
        std::find(std::begin(kStandardFinalizers), std::end(kStandardFinalizers), finalizer) ==
            std::end(kStandardFinalizers)) {
      errors.push_back(invalid_value(index_path(path, here), finalizer,
                                     "name is neither a standard finalizer name nor is it fully qualified"));
    }
    if (errors.size() >= kMaxFieldErrors) break;
  }
  if (orphan && foreground)
    errors.push_back(
        invalid_value(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  return errors;
}

FieldErrors validate_owner_references(JsonView references, const std::string& path) {
  FieldErrors errors;
  std::string controller;
  for (const JsonView reference : references.elements()) {
    const std::string_view api_version = reference["apiVersion"].string();
    const std::size_t slash = api_version.find('/');
    if (api_version.empty() || slash == api_version.size() - 1)
      errors.push_back(
          invalid_value(child_path(path, "apiVersion"), api_version, "version must not be empty"));
    for (const std::string_view field : {"kind", "name", "uid"})
      if (reference[field].string().empty())
        errors.push_back(
            invalid_value(child_path(path, field), "", fmt::format("{} must not be empty", field)));
    if (reference["kind"].string() == "Event" &&
        (api_version == "v1" || api_version.starts_with("events.k8s.io/")))
      errors.push_back(invalid_value(path, reference, "Event is disallowed from being an owner"));
    if (reference["controller"].boolean()) {
      const std::string name(reference["name"].string());
      if (!controller.empty())
        errors.push_back(invalid_value(path, references,
                                       fmt::format("Only one reference can have Controller set to true. "
                                                   "Found \"true\" in references for {} and {}",
                                                   controller, name)));
      controller = name;
    }
    if (errors.size() >= kMaxFieldErrors) break;
  }
  return errors;
}

FieldErrors validate_object_meta(JsonView metadata, const MetaRules& rules) {
  FieldErrors errors;
  const std::string_view name = metadata["name"].string();
  const std::string_view generate_name = metadata["generateName"].string();
  const std::string_view ns = metadata["namespace"].string();
  if (!generate_name.empty())
    append_complaints(errors, "metadata.generateName", generate_name,
                      check_generate_name(generate_name, rules.name));
  if (name.empty()) {
    errors.push_back(required_value("metadata.name", "name or generateName is required"));
  } else {
    append_complaints(errors, "metadata.name", name, rules.name(name));
  }
  if (!rules.namespaced) {
    if (!ns.empty()) errors.push_back(forbidden_value("metadata.namespace", "not allowed on this type"));
  } else if (ns.empty()) {
    errors.push_back(required_value("metadata.namespace"));
  } else {
    append_complaints(errors, "metadata.namespace", ns, check_dns1123_label(ns));
  }
  if (metadata["generation"].int64() < 0)
    errors.push_back(
        invalid_value("metadata.generation", metadata["generation"], "must be greater than or equal to 0"));
  append_all(errors, validate_labels(metadata["labels"], "metadata.labels"));
  append_all(errors, validate_annotations(metadata["annotations"], "metadata.annotations"));
  append_all(errors, validate_owner_references(metadata["ownerReferences"], "metadata.ownerReferences"));
  append_all(errors,
             validate_finalizers(metadata["finalizers"], "metadata.finalizers", rules.standard_finalizers));
  return errors;
}

}  // namespace heirloom::schema
