// Metrics in Prometheus' text format. Names follow controller-runtime where it has one, so that dashboards fit.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace heirloom {

using MetricLabels = std::map<std::string, std::string>;

// One registry per program part; handles stay valid as long as it lives. Label values must come from a bounded set.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void count(std::string_view name, const MetricLabels& labels = {}, double by = 1);
  void set(std::string_view name, const MetricLabels& labels, double value);
  void observe_seconds(std::string_view name, const MetricLabels& labels, double seconds);

  double counter_value(std::string_view name, const MetricLabels& labels = {}) const;  // 0 when never counted
  double counter_sum(std::string_view name) const;                                     // over all labels
  std::string text() const;  // exposition format 0.0.4

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heirloom
