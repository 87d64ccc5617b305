// The built-in kinds, compiled from apis/schema/*.yaml.
#pragma once

#include <vector>

#include "server/resource.h"

namespace heirloom::server {

// Every built-in resource except that its strategy is left null (server/strategy.h: strategy_for attaches
// it). Schemas are compiled once in a process (apis/builtin_kinds.h) and shared.
std::vector<Resource> builtin_resources();

}  // namespace heirloom::server
