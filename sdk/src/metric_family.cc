#include "metric_family.h"

#include <algorithm>
#include <functional>
#include <mutex>

#include <trilobite/log.h>

#include "exposition_format.h"

namespace trilobite::instruments {
namespace {

constexpr log::Target kLog{"trilobite::metrics"};

bool by_label_values(const std::shared_ptr<const Series>& a, const std::shared_ptr<const Series>& b) {
  return std::lexicographical_compare(a->labels.begin(), a->labels.end(), b->labels.begin(), b->labels.end(),
                                      [](const Label& x, const Label& y) { return x.value < y.value; });
}

void mix(std::size_t& hash, std::string_view value) {
  hash = (hash ^ std::hash<std::string_view>{}(value)) * 0x9e3779b97f4a7c15ull;
}

}  // namespace

bool is_vector(Type type) { return type >= Type::kCounterVec; }

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kCounter:
      return "Counter";
    case Type::kIntCounter:
      return "IntCounter";
    case Type::kGauge:
      return "Gauge";
    case Type::kIntGauge:
      return "IntGauge";
    case Type::kHistogram:
      return "Histogram";
    case Type::kSummary:
      return "Summary";
    case Type::kCounterVec:
      return "CounterVec";
    case Type::kIntCounterVec:
      return "IntCounterVec";
    case Type::kGaugeVec:
      return "GaugeVec";
    case Type::kIntGaugeVec:
      return "IntGaugeVec";
    case Type::kHistogramVec:
      return "HistogramVec";
    case Type::kSummaryVec:
      return "SummaryVec";
  }
  return "unknown";
}

Family::Family(FamilyOptions options) : options_(std::move(options)) {
  if (!is_vector(options_.type)) static_cast<void>(find_or_make(nullptr, 0));
}

std::size_t Family::Hash::operator()(const Values& values) const {
  std::size_t hash = values.count;
  for (std::size_t i = 0; i < values.count; ++i) mix(hash, values.values[i]);
  return hash;
}

std::size_t Family::Hash::operator()(const std::vector<std::string>& values) const {
  std::size_t hash = values.size();
  for (const std::string& value : values) mix(hash, value);
  return hash;
}

bool Family::Equal::operator()(const Values& a, const std::vector<std::string>& b) const {
  return std::equal(a.values, a.values + a.count, b.begin(), b.end());
}

detail::Ref<detail::Counted> Family::make_cell() const {
  using detail::Counted;
  using detail::Ref;
  switch (options_.type) {
    case Type::kCounter:
    case Type::kCounterVec:
      return Ref<Counted>(new Counter::Cell);
    case Type::kIntCounter:
    case Type::kIntCounterVec:
      return Ref<Counted>(new IntCounter::Cell);
    case Type::kGauge:
    case Type::kGaugeVec:
      return Ref<Counted>(new Gauge::Cell);
    case Type::kIntGauge:
    case Type::kIntGaugeVec:
      return Ref<Counted>(new IntGauge::Cell);
    case Type::kHistogram:
    case Type::kHistogramVec:
      return Ref<Counted>(new detail::HistogramCell(options_.histogram));
    case Type::kSummary:
    case Type::kSummaryVec:
      return Ref<Counted>(new detail::SummaryCell(options_.summary));
  }
  return Ref<Counted>(new Counter::Cell);
}

void Family::complain_once(std::string_view what, std::size_t number) {
  if (complained_.exchange(true)) return;
  kLog.warn("A series is not exposed: {} {}", what, number, log::kv("metric_name", options_.name));
}

detail::Ref<detail::Counted> Family::find_or_make(const std::string_view* values, std::size_t count) {
  if (count != options_.variable_names.size()) {
    complain_once("number of label values is not as declared, it is", count);
    return make_cell();
  }
  const Values wanted{values, count};
  {
    const std::shared_lock lock(mutex_);
    const auto found = by_values_.find(wanted);
    if (found != by_values_.end()) return found->second->cell;
  }
  const std::lock_guard lock(mutex_);
  const auto found = by_values_.find(wanted);
  if (found != by_values_.end()) return found->second->cell;
  if (is_vector(options_.type) && by_values_.size() >= options_.series_max) {
    complain_once("the metric has the maximum of series,", by_values_.size());
    return make_cell();
  }
  auto series = std::make_shared<Series>();
  series->labels = options_.const_labels;
  for (std::size_t i = 0; i < count; ++i)
    series->labels.push_back({.name = options_.variable_names[i], .value = std::string(values[i])});
  std::sort(series->labels.begin(), series->labels.end(),
            [](const Label& a, const Label& b) { return a.name < b.name; });
  append_labels(series->labels_text, series->labels);
  series->cell = make_cell();
  auto cell = series->cell;
  by_values_.emplace(std::vector<std::string>(values, values + count), series);
  sorted_.push_back(std::move(series));
  sorted_valid_ = sorted_.size() == 1;
  return cell;
}

bool Family::remove(const std::string_view* values, std::size_t count) {
  const std::lock_guard lock(mutex_);
  const auto found = by_values_.find(Values{values, count});
  if (found == by_values_.end()) return false;
  std::erase(sorted_, found->second);
  by_values_.erase(found);
  return true;
}

void Family::clear() {
  const std::lock_guard lock(mutex_);
  by_values_.clear();
  sorted_.clear();
  sorted_valid_ = true;
}

std::vector<std::shared_ptr<const Series>> Family::series() {
  {
    const std::shared_lock lock(mutex_);
    if (sorted_valid_) return sorted_;
  }
  const std::lock_guard lock(mutex_);
  if (!sorted_valid_) std::sort(sorted_.begin(), sorted_.end(), by_label_values);
  sorted_valid_ = true;
  return sorted_;
}

namespace detail {

Ref<Counted> FamilyHandle::find_or_make(const std::string_view* values, std::size_t count) const {
  return static_cast<Family&>(*family_).find_or_make(values, count);
}
bool FamilyHandle::remove(const std::string_view* values, std::size_t count) const {
  return static_cast<Family&>(*family_).remove(values, count);
}
void FamilyHandle::clear() const { static_cast<Family&>(*family_).clear(); }

}  // namespace detail
}  // namespace trilobite::instruments
