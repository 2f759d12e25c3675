// Reading all metrics of a registry tree at one moment.
#include "gathered_metrics.h"

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <unordered_set>

#include <fmt/format.h>

#include <trilobite/log.h>

#include "exposition_format.h"
#include "registry_state.h"

namespace trilobite::instruments {
namespace {

using detail::Ref;
using detail::RegistryState;

constexpr log::Target kLog{"trilobite::metrics"};

template <class R>
using Callbacks = std::vector<std::shared_ptr<detail::ScrapeCallback<R>>>;

void run_update_callbacks(RegistryState& level) {
  Callbacks<std::string> callbacks;
  {
    const std::lock_guard lock(level.mutex);
    callbacks = level.update_callbacks;
  }
  for (const auto& callback : callbacks) {
    const std::lock_guard lock(callback->mutex);
    std::string error;
    try {
      error = callback->function();
    } catch (const std::exception& thrown) {
      error = thrown.what();
    }
    if (!error.empty()) kLog.error("Error executing metrics callback: {}", error);
  }
}

void append_texts(RegistryState& level, std::string& out) {
  Callbacks<TextOrError> callbacks;
  {
    const std::lock_guard lock(level.mutex);
    callbacks = level.text_callbacks;
  }
  for (const auto& callback : callbacks) {
    const std::lock_guard lock(callback->mutex);
    TextOrError piece;
    try {
      piece = callback->function();
    } catch (const std::exception& thrown) {
      piece.error = thrown.what();
    }
    if (!piece.ok()) {
      kLog.error("Error executing exposition text callback: {}", piece.error);
    } else if (!piece.text.empty()) {
      if (!out.empty() && out.back() != '\n') out += '\n';
      out += piece.text;
    }
  }
}

std::unique_ptr<HistogramReading> read_histogram(const detail::HistogramCell& cell) {
  auto out = std::make_unique<HistogramReading>();
  out->layout = cell.layout;
  out->sum = cell.sum();
  out->counts = cell.counts();
  for (const std::uint64_t count : out->counts) out->count += count;
  if (cell.native != nullptr) {
    const std::lock_guard lock(cell.native_lock);
    out->native = NativeBuckets{.schema = cell.native->schema(),
                                .zero_threshold = cell.native->zero_threshold(),
                                .zero_count = cell.native->zero_count(),
                                .positive = cell.native->positive(),
                                .negative = cell.native->negative()};
  }
  if (detail::ExemplarSlot* slots = cell.exemplars_ready.load(std::memory_order_acquire)) {
    for (std::size_t i = 0; i < cell.buckets; ++i) out->exemplars.push_back(slots[i].read());
  }
  return out;
}

template <class Number>
void read_counter(const detail::CounterCell<Number>& cell, Sample& sample) {
  sample.value = static_cast<double>(cell.value());
  detail::ExemplarSlot* slot = __atomic_load_n(&cell.exemplar, __ATOMIC_ACQUIRE);
  if (slot == nullptr) return;
  if (auto exemplar = slot->read()) sample.exemplar = std::make_unique<Exemplar>(std::move(*exemplar));
}

Sample read(Type type, std::shared_ptr<const Series> series) {
  Sample out;
  detail::Counted& counted = *series->cell;
  out.created_ms = static_cast<detail::Cell&>(counted).created_ms;
  switch (type) {
    case Type::kCounter:
    case Type::kCounterVec:
      read_counter(static_cast<Counter::Cell&>(counted), out);
      break;
    case Type::kIntCounter:
    case Type::kIntCounterVec:
      read_counter(static_cast<IntCounter::Cell&>(counted), out);
      break;
    case Type::kGauge:
    case Type::kGaugeVec:
      out.value = detail::load(static_cast<Gauge::Cell&>(counted).number);
      break;
    case Type::kIntGauge:
    case Type::kIntGaugeVec:
      out.value = static_cast<double>(detail::load(static_cast<IntGauge::Cell&>(counted).number));
      break;
    case Type::kHistogram:
    case Type::kHistogramVec:
      out.histogram = read_histogram(static_cast<detail::HistogramCell&>(counted));
      break;
    case Type::kSummary:
    case Type::kSummaryVec: {
      auto& cell = static_cast<detail::SummaryCell&>(counted);
      out.summary = std::make_unique<SummaryReading>(
          SummaryReading{.layout = cell.layout, .reading = cell.read(detail::coarse_now_ms())});
      break;
    }
  }
  out.series = std::move(series);
  return out;
}

// The families of one name from all registries that have one, in the order of registries.
struct Contributions {
  std::vector<std::pair<std::size_t, Ref<Family>>> families;  // with the number of the registry
};

bool all_empty(const Contributions& parts) {
  return std::all_of(parts.families.begin(), parts.families.end(),
                     [](const auto& part) { return part.second->series().empty(); });
}

// Within one registry series are sorted by label values, whichever of its families they belong to.
void add_samples(const Contributions& parts, GatheredFamily& out) {
  std::unordered_set<std::string_view> seen;
  const bool may_repeat = parts.families.size() > 1;
  for (std::size_t i = 0; i < parts.families.size();) {
    const std::size_t registry = parts.families[i].first;
    const std::size_t begin = out.samples.size();
    std::size_t families = 0;
    for (; i < parts.families.size() && parts.families[i].first == registry; ++i, ++families) {
      Family& family = *parts.families[i].second;
      for (auto& series : family.series()) {
        if (may_repeat && !seen.insert(series->labels_text).second) {
          kLog.warn("Duplicate Prometheus series while merging registries; dropping later sample",
                    log::kv("metric_name", out.name), log::kv("labels", series->labels_text),
                    log::kv("registry_idx", registry));
          continue;
        }
        out.samples.push_back(read(family.options().type, std::move(series)));
      }
    }
    if (families < 2) continue;
    std::stable_sort(out.samples.begin() + static_cast<std::ptrdiff_t>(begin), out.samples.end(),
                     [](const Sample& a, const Sample& b) {
                       return std::lexicographical_compare(
                           a.series->labels.begin(), a.series->labels.end(), b.series->labels.begin(),
                           b.series->labels.end(), [](const Label& x, const Label& y) { return x.value < y.value; });
                     });
  }
}

}  // namespace

Kind kind_of(Type type) {
  switch (type) {
    case Type::kCounter:
    case Type::kIntCounter:
    case Type::kCounterVec:
    case Type::kIntCounterVec:
      return Kind::kCounter;
    case Type::kGauge:
    case Type::kIntGauge:
    case Type::kGaugeVec:
    case Type::kIntGaugeVec:
      return Kind::kGauge;
    case Type::kHistogram:
    case Type::kHistogramVec:
      return Kind::kHistogram;
    case Type::kSummary:
    case Type::kSummaryVec:
      return Kind::kSummary;
  }
  return Kind::kGauge;
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return "counter";
    case Kind::kGauge:
      return "gauge";
    case Kind::kHistogram:
      return "histogram";
    case Kind::kSummary:
      return "summary";
  }
  return "untyped";
}

log::Outcome<Gathered> gather(const Registry& registry, WithTexts texts) {
  const std::vector<Ref<RegistryState>> levels = detail::walk(registry.state());
  for (const Ref<RegistryState>& level : levels) run_update_callbacks(*level);

  std::map<std::string, Contributions, std::less<>> by_name;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    std::vector<Ref<Family>> families;
    {
      const std::lock_guard lock(levels[i]->mutex);
      families = levels[i]->families;
    }
    for (Ref<Family>& family : families) {
      Contributions& parts = by_name[family->options().name];
      if (!parts.families.empty()) {
        const FamilyOptions& first = parts.families.front().second->options();
        const FamilyOptions& next = family->options();
        if (first.help != next.help || kind_of(first.type) != kind_of(next.type)) {
          // A family without series is not exposed, and disagrees with nobody.
          if (family->series().empty()) continue;
          if (!all_empty(parts))
            return log::Error{
                fmt::format("Metric family '{}' has inconsistent help/type across registries (idx={})", next.name, i)};
          parts.families.clear();
        }
      }
      parts.families.emplace_back(i, std::move(family));
    }
  }

  Gathered out;
  out.families.reserve(by_name.size());
  for (const auto& [name, parts] : by_name) {
    const FamilyOptions& first = parts.families.front().second->options();
    GatheredFamily family{.name = name, .help = first.help, .kind = kind_of(first.type)};
    add_samples(parts, family);
    if (!family.samples.empty()) out.families.push_back(std::move(family));
  }
  if (texts == WithTexts::kYes)
    for (const Ref<RegistryState>& level : levels) append_texts(*level, out.text);
  return out;
}

}  // namespace trilobite::instruments
