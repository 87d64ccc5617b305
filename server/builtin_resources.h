// The built-in kinds, compiled from apis/schema/*.yaml.
#pragma once

#include <vector>

#include "base/result.h"
#include "server/resource.h"

namespace heirloom::server {

// Every built-in resource except that its strategy is left null (server/strategy.h: strategy_for attaches
// it). Error: a schema file that does not compile: a bug, found by a test.
Result<std::vector<Resource>> builtin_resources();

}  // namespace heirloom::server
