// The life of CustomResourceDefinitions: accepts names, establishes, registers and unregisters what they
// define, and empties a definition that is being deleted.
#pragma once

#include "server/parts.h"

namespace heirloom::server {

// Registers the established definitions that are already in the store, before requests are served.
Status register_stored_definitions(Parts& parts);

// Runs until cancelled.
Task<void> run_definition_controller(Parts* parts);

}  // namespace heirloom::server
