#include "server/selection.h"

namespace heirloom::server {

Result<Selection> Selection::parse(const Resource& resource, std::string_view label_selector,
                                   std::string_view field_selector) {
  Selection selection;
  TRY(selection.labels_, schema::LabelSelector::parse(label_selector));
  TRY(selection.fields_, schema::FieldSelector::parse(field_selector));
  std::vector<std::string> known = {"metadata.name"};
  if (resource.namespaced()) known.emplace_back("metadata.namespace");
  known.insert(known.end(), resource.selectable_fields.begin(), resource.selectable_fields.end());
  TRY_VOID(selection.fields_.check_fields(known));
  return selection;
}

bool Selection::matches(JsonView object) const {
  return labels_.matches(object["metadata"]["labels"]) && fields_.matches(object);
}

std::string Selection::exact_name() const {
  const auto* name = fields_.required_value("metadata.name");
  return name ? *name : std::string();
}

std::string Selection::exact_namespace() const {
  const auto* ns = fields_.required_value("metadata.namespace");
  return ns ? *ns : std::string();
}

}  // namespace heirloom::server
