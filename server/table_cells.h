// The cells of tables. Columns of custom resources are JSONPaths; those of built-in kinds are computed as
// kube-apiserver's printers do.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "server/resource.h"

namespace heirloom::server {

void write_cell(JsonBuilder& out, const PrinterColumn& column, JsonView object, bool custom, WallTime now);

// What a computed column shows. Unknown names give "<unknown>": a test sees to it that no column has one.
Json computed_cell(std::string_view computed, JsonView object, WallTime now);
bool is_computed_column(std::string_view computed);

namespace cells {

std::string since(JsonView timestamp, WallTime now);  // "5m", "<unknown>"
std::string text_or_none(JsonView text);              // "" -> "<none>"
std::string labels_text(JsonView labels);             // "a=b,c=d" sorted, "<none>"
std::string joined(JsonView list, std::string_view member, std::string_view separator);
std::string load_balancer_text(JsonView load_balancer);

std::string pod_status(JsonView pod);
std::string pod_ready(JsonView pod);
std::int64_t pod_restarts(JsonView pod);
std::string pod_readiness_gates(JsonView pod);

}  // namespace cells

}  // namespace heirloom::server
