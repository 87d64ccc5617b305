#include "base/metrics.h"

#include <doctest/doctest.h>

namespace heirloom {
namespace {

TEST_CASE("counters, gauges and histograms come out in the text format") {
  Metrics metrics;
  metrics.count("controller_runtime_reconcile_total", {{"controller", "application"}, {"result", "success"}});
  metrics.count("controller_runtime_reconcile_total", {{"controller", "application"}, {"result", "error"}},
                2);
  metrics.set("workqueue_depth", {{"name", "a \"quoted\"\n\\ name"}}, 5);
  metrics.set("workqueue_depth", {{"name", "a \"quoted\"\n\\ name"}}, 3);
  metrics.observe_seconds("reconcile_seconds", {}, 0.02);
  metrics.observe_seconds("reconcile_seconds", {}, 100);

  CHECK(metrics.counter_value("controller_runtime_reconcile_total",
                              {{"controller", "application"}, {"result", "error"}}) == 2);
  CHECK(metrics.counter_value("controller_runtime_reconcile_total", {{"controller", "claim"}}) == 0);
  CHECK(metrics.counter_value("never") == 0);
  CHECK(metrics.counter_sum("controller_runtime_reconcile_total") == 3);
  CHECK(metrics.counter_sum("never") == 0);

  const std::string text = metrics.text();
  const auto has = [&](std::string_view line) { return text.find(line) != std::string::npos; };
  CHECK(has("# TYPE controller_runtime_reconcile_total counter\n"));
  CHECK(has("controller_runtime_reconcile_total{controller=\"application\",result=\"error\"} 2\n"));
  CHECK(has("workqueue_depth{name=\"a \\\"quoted\\\"\\n\\\\ name\"} 3\n"));
  CHECK(has("# TYPE reconcile_seconds histogram\n"));
  CHECK(has("reconcile_seconds_count 2\n"));
  CHECK(has("reconcile_seconds_bucket{le=\"+Inf\"} 2\n"));
  CHECK(has("reconcile_seconds_bucket{le=\"60\"} 1\n"));
  CHECK_FALSE(has("never"));
}

}  // namespace
}  // namespace heirloom
