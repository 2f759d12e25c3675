// Metrics of a program:
//
//   auto runtime = metrics::Registry::runtime();
//   auto endpoint = runtime.child("prod").child("backend").child("generate");
//   auto requests = endpoint.create_intcounter("requests_total", "Requests received").or_log();
//   requests.add();
//   std::string page = runtime.expfmt().text;
//
// A registry holds the metrics of one level of a service: runtime, namespace, component, endpoint. What is made at a
// level carries the names of the levels above it as labels; exposing a level exposes everything below it. All calls
// from any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <trilobite/callback.h>
#include <trilobite/metric_values.h>

namespace trilobite::instruments {

struct Label {
  std::string name;
  std::string value;
  friend bool operator==(const Label&, const Label&) = default;
};
using Labels = std::vector<Label>;

// Exponential buckets, which need no bounds: each is at most `factor` times as wide as the one before.
struct NativeOptions {
  double factor = 0;  // above 1, for instance 1.1; 0: no native buckets
  double zero_threshold = 2.938735877055719e-39;
  std::size_t buckets_max = 160;  // when more are needed, the factor is squared
};

struct HistogramOptions {
  // Upper bounds, rising; +Inf is understood. Null: 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10, or none when there
  // are native buckets.
  const std::vector<double>* buckets = nullptr;
  NativeOptions native{};
  bool exemplars = false;  // observe() does what observe_with_exemplar() does
};

struct SummaryOptions {
  std::vector<double> quantiles{0.5, 0.9, 0.99};  // 0 to 1; the values given are within 1.1 % of the exact ones
  std::int64_t age_max_ms = 600'000;              // quantiles are of about the last so many milliseconds
};

enum class Type : std::uint8_t {
  kCounter,
  kIntCounter,
  kGauge,
  kIntGauge,
  kHistogram,
  kSummary,
  kCounterVec,
  kIntCounterVec,
  kGaugeVec,
  kIntGaugeVec,
  kHistogramVec,
  kSummaryVec,
};

// A metric by data, for bindings of other languages.
struct Request {
  Type type = Type::kCounter;
  std::string_view name;
  std::string_view help;
  Labels labels{};                            // the same for all series of the metric
  std::vector<std::string> variable_names{};  // vectors: labels whose values are given with each series
  HistogramOptions histogram{};
  SummaryOptions summary{};
};

// A metric, or the reason why it could not be registered. In that case the value is a metric that works and is exposed
// nowhere: a mistake in instrumentation never stops a program.
template <class T>
class [[nodiscard]] Created {
 public:
  Created(T value, std::string error) : value_(static_cast<T&&>(value)), error_(static_cast<std::string&&>(error)) {}
  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }
  // The value; the reason, if there is one, goes to the log as ERROR.
  T or_log() const;

 private:
  T value_;
  std::string error_;
};

namespace detail {
class RegistryState;
void log_creation_error(const std::string& error);

// The series of a metric, found by the values of its variable labels.
class FamilyHandle {
 public:
  explicit FamilyHandle(Ref<Counted> family) noexcept : family_(static_cast<Ref<Counted>&&>(family)) {}
  Ref<Counted> find_or_make(const std::string_view* values, std::size_t count) const;
  bool remove(const std::string_view* values, std::size_t count) const;
  void clear() const;

 private:
  Ref<Counted> family_;
};
}  // namespace detail

// A metric with variable labels.
template <class T>
class Vector {
 public:
  explicit Vector(detail::FamilyHandle family) : family_(static_cast<detail::FamilyHandle&&>(family)) {}

  // The series of these label values, in the order of the names given when the metric was made. Keep the result where
  // the values are known beforehand: a look-up costs some tens of nanoseconds. A wrong number of values, and series
  // beyond Registry::set_series_max, give a metric that is exposed nowhere, and one line in the log.
  T with(std::initializer_list<std::string_view> values) const { return with(values.begin(), values.size()); }
  T with(const std::string_view* values, std::size_t count) const { return T(family_.find_or_make(values, count)); }
  // Whether there was such a series. Handles to it go on working.
  bool remove(std::initializer_list<std::string_view> values) const {
    return family_.remove(values.begin(), values.size());
  }
  bool remove(const std::string_view* values, std::size_t count) const { return family_.remove(values, count); }
  void clear() const { family_.clear(); }

 private:
  detail::FamilyHandle family_;
};

using CounterVec = Vector<Counter>;
using IntCounterVec = Vector<IntCounter>;
using GaugeVec = Vector<Gauge>;
using IntGaugeVec = Vector<IntGauge>;
using HistogramVec = Vector<Histogram>;
using SummaryVec = Vector<Summary>;

// A text, or an error.
struct [[nodiscard]] TextOrError {
  std::string text;
  std::string error{};
  bool ok() const { return error.empty(); }
};

enum class Exposition : std::uint8_t {
  kText,         // Prometheus text format 0.0.4
  kOpenMetrics,  // OpenMetrics 1.0.0
  kProtobuf,     // io.prometheus.client.MetricFamily, each with its length before it; has native histograms
};

class Registry {
 public:
  // Without prefix and automatic labels: names are taken as they are.
  Registry();
  // The root of the levels. Metrics made here and below are called dynamo_component_...
  static Registry runtime();

  // The level below, part of this one from now on. Each call makes a new level, also with the same name.
  Registry child(std::string_view name) const;
  // Makes any registry part of what this one exposes; a second time has no effect. Must not form a circle.
  void add_child(const Registry& child) const;
  // The names of the levels, joined by dots.
  std::string path() const;

  // Names are sanitised and prefixed, labels checked. Errors, in the order of checks: a label given twice, an
  // impossible name, a label that is automatic, what does not fit the type, and `Failed to register metric: ...`:
  // invalid label names, an empty help, unsorted buckets, a metric that exists.
  Created<Counter> create_counter(std::string_view name, std::string_view help, const Labels& labels = {}) const;
  Created<IntCounter> create_intcounter(std::string_view name, std::string_view help, const Labels& labels = {}) const;
  Created<Gauge> create_gauge(std::string_view name, std::string_view help, const Labels& labels = {}) const;
  Created<IntGauge> create_intgauge(std::string_view name, std::string_view help, const Labels& labels = {}) const;
  Created<Histogram> create_histogram(std::string_view name, std::string_view help, const Labels& labels = {},
                                      const HistogramOptions& options = {}) const;
  Created<Summary> create_summary(std::string_view name, std::string_view help, const Labels& labels = {},
                                  const SummaryOptions& options = {}) const;

  using Names = std::vector<std::string>;
  Created<CounterVec> create_countervec(std::string_view name, std::string_view help, const Names& variable,
                                        const Labels& labels = {}) const;
  Created<IntCounterVec> create_intcountervec(std::string_view name, std::string_view help, const Names& variable,
                                              const Labels& labels = {}) const;
  Created<GaugeVec> create_gaugevec(std::string_view name, std::string_view help, const Names& variable,
                                    const Labels& labels = {}) const;
  Created<IntGaugeVec> create_intgaugevec(std::string_view name, std::string_view help, const Names& variable,
                                          const Labels& labels = {}) const;
  Created<HistogramVec> create_histogramvec(std::string_view name, std::string_view help, const Names& variable,
                                            const Labels& labels = {}, const HistogramOptions& options = {}) const;
  Created<SummaryVec> create_summaryvec(std::string_view name, std::string_view help, const Names& variable,
                                        const Labels& labels = {}, const SummaryOptions& options = {}) const;

  // The same by data. A metric that is no vector is found with no label values.
  Created<detail::FamilyHandle> create(const Request& request) const;

  // Called before each exposition, one at a time: sets what is not kept up to date otherwise. Returns an error text or
  // an empty one; it is logged and the exposition goes on. Must not expose this registry.
  void add_update_callback(Callback<std::string()> callback) const;
  // Its text is appended to the exposition as it is: metrics of other libraries in format 0.0.4.
  void add_text_callback(Callback<TextOrError()> callback) const;

  // Series a vector of this registry may have from now on; further ones are not exposed. 100,000 unless set.
  void set_series_max(std::size_t series) const;

  // Everything of this level and below. The only error: two registries that disagree on help or type of a metric.
  TextOrError expfmt() const { return expose(Exposition::kText); }
  TextOrError expose(Exposition format) const;
  // The format to answer an HTTP header Accept with: the text format unless another one is asked for, and always where
  // there are text callbacks, whose texts fit no other.
  Exposition negotiate(std::string_view accept) const;
  static std::string_view content_type(Exposition format);

  detail::RegistryState& state() const noexcept;

 private:
  explicit Registry(detail::Ref<detail::Counted> state) noexcept;

  detail::Ref<detail::Counted> state_;
};

// Each character that a metric name cannot have becomes `_`, and `_` goes before a first one that is no letter or `_`.
// Empty when nothing but underscores would be left.
std::string sanitize_metric_name(std::string_view name);
// The same for the names of labels (no colon); two leading underscores are cut as they are reserved.
std::string sanitize_label_name(std::string_view name);

// 0, and count - 1 bounds spaced evenly on a logarithmic scale up to max, rounded to two significant digits, without
// repetitions. min itself never appears. A line in the log tells when more than a tenth was lost to rounding.
std::vector<double> log_buckets(double min, double max, std::size_t count);

template <class T>
T Created<T>::or_log() const {
  if (!ok()) detail::log_creation_error(error_);
  return value_;
}

}  // namespace trilobite::instruments
