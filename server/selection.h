// Selection: what a list or watch request selects: label and field selectors together. A value; pure.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "schema/selector.h"
#include "server/resource.h"

namespace heirloom::server {

class Selection {
 public:
  // Error: BadRequest when a selector does not parse or names a field that cannot be selected.
  static Result<Selection> parse(const Resource& resource, std::string_view label_selector,
                                 std::string_view field_selector);

  bool matches(JsonView object) const;
  bool everything() const { return labels_.everything() && fields_.everything(); }
  // The one name, when the fields select exactly that: then a list or watch needs to look at one key only.
  std::string exact_name() const;
  std::string exact_namespace() const;

 private:
  schema::LabelSelector labels_;
  schema::FieldSelector fields_;
};

}  // namespace heirloom::server
