// The one file that includes prometheus-cpp.
#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace heirloom {
namespace {

// Seconds, as controller-runtime's controller_runtime_reconcile_time_seconds, thinned out.
const prometheus::Histogram::BucketBoundaries kSecondsBuckets = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

template <class T>
struct Series {
  prometheus::Family<T>* family = nullptr;
  std::map<MetricLabels, T*> metrics;
};

template <class T>
using AllSeries = std::map<std::string, Series<T>, std::less<>>;

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  AllSeries<prometheus::Counter> counters;
  AllSeries<prometheus::Gauge> gauges;
  AllSeries<prometheus::Histogram> histograms;

  // The metric, made when it is new.
  template <class T, class Build, class... Args>
  T& find(AllSeries<T>& all, Build build, std::string_view name, const MetricLabels& labels,
          const Args&... args) {
    auto series = all.find(name);
    if (series == all.end()) {
      series = all.emplace(name, Series<T>()).first;
      series->second.family = &build().Name(std::string(name)).Register(registry);
    }
    T*& metric = series->second.metrics[labels];
    if (metric == nullptr) metric = &series->second.family->Add(labels, args...);
    return *metric;
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::count(std::string_view name, const MetricLabels& labels, double by) {
  state_->find(state_->counters, prometheus::BuildCounter, name, labels).Increment(by);
}

void Metrics::set(std::string_view name, const MetricLabels& labels, double value) {
  state_->find(state_->gauges, prometheus::BuildGauge, name, labels).Set(value);
}

void Metrics::observe_seconds(std::string_view name, const MetricLabels& labels, double seconds) {
  state_->find(state_->histograms, prometheus::BuildHistogram, name, labels, kSecondsBuckets)
      .Observe(seconds);
}

double Metrics::counter_value(std::string_view name, const MetricLabels& labels) const {
  const auto series = state_->counters.find(name);
  if (series == state_->counters.end()) return 0;
  const auto metric = series->second.metrics.find(labels);
  return metric == series->second.metrics.end() ? 0 : metric->second->Value();
}

double Metrics::counter_sum(std::string_view name) const {
  const auto series = state_->counters.find(name);
  if (series == state_->counters.end()) return 0;
  double sum = 0;
  for (const auto& [labels, metric] : series->second.metrics) sum += metric->Value();
  return sum;
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace heirloom
