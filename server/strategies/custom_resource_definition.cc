#include "server/definitions/definition.h"
#include "server/strategies/strategies.h"

namespace heirloom::server::strategies {
namespace {

Json prepare_create(const Json& object) {
  const Json defaulted = with_definition_defaults(object);
  JsonBuilder status;
  status.begin_object().key("conditions").begin_array().end_array();
  status.key("acceptedNames").begin_object().member("plural", "").member("kind", "").end_object();
  status.key("storedVersions").begin_array();
  for (const auto& version : defaulted.view()["spec"]["versions"].elements()) {
    if (version["storage"].boolean()) status.value(version["name"]);
  }
  status.end_array().end_object();
  return rewrite(defaulted, {set_at({std::string("status")}, status.take())});
}

Json prepare_update(const Json& object, const Json&) { return with_definition_defaults(object); }

void validate_create(JsonView object, schema::FieldErrors& errors) {
  validate_definition(object, JsonView(), errors);
}

void validate_update(JsonView object, JsonView old, schema::FieldErrors& errors) {
  // What is stored and being taken down may stay as it is.
  if (object["spec"] == old["spec"]) return;
  validate_definition(object, old, errors);
}

}  // namespace

const Strategy kCustomResourceDefinition = [] {
  Strategy strategy;
  strategy.prepare_create = prepare_create;
  strategy.prepare_update = prepare_update;
  strategy.validate_create = validate_create;
  strategy.validate_update = validate_update;
  return strategy;
}();

}  // namespace heirloom::server::strategies
