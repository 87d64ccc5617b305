// Syntax of names, labels, annotations and finalizers, with Kubernetes' exact messages (apimachinery
// validation). Each check returns the messages of what is wrong; empty means fine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "schema/field_error.h"

namespace heirloom::schema {

using Complaints = std::vector<std::string>;

Complaints check_dns1123_label(std::string_view value);      // namespaces: at most 63 characters
Complaints check_dns1123_subdomain(std::string_view value);  // most names: at most 253 characters
Complaints check_dns1035_label(std::string_view value);      // services, CRD plurals
Complaints check_qualified_name(
    std::string_view value);  // label and annotation keys, finalizers: prefix/name
Complaints check_label_value(std::string_view value);
Complaints check_path_segment_name(
    std::string_view value);  // RBAC names: anything that fits a URL path segment
// A name still to be generated: checked as if the suffix were there.
using NameCheck = Complaints (*)(std::string_view);
Complaints check_generate_name(std::string_view prefix, NameCheck check);

// The name for a generateName: the prefix, cut so that the result fits 63 characters, plus the suffix (5
// characters from Random::name_suffix).
std::string generated_name(std::string_view prefix, std::string_view suffix);

// As annotations total at most 256 KiB.
inline constexpr std::size_t kMaxAnnotationBytes = 256 * 1024;

FieldErrors validate_labels(JsonView labels, const std::string& path);
FieldErrors validate_annotations(JsonView annotations, const std::string& path);
// standard_only: a finalizer without a prefix must be one of Kubernetes' own (built-in kinds ask for that).
FieldErrors validate_finalizers(JsonView finalizers, const std::string& path, bool standard_only);
FieldErrors validate_owner_references(JsonView references, const std::string& path);

struct MetaRules {
  bool namespaced = true;
  NameCheck name = check_dns1123_subdomain;
  bool standard_finalizers = true;  // false for custom resources
};
// The whole metadata of an object about to be stored, name resolved: name, generateName, namespace, labels,
// annotations, finalizers, ownerReferences. Paths start with "metadata".
FieldErrors validate_object_meta(JsonView metadata, const MetaRules& rules);

}  // namespace heirloom::schema
