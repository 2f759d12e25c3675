#include "registry_state.h"

#include <algorithm>

#include <trilobite/log.h>

namespace trilobite::instruments {
namespace detail {
namespace {

constexpr log::Target kLog{"trilobite::metrics"};

void walk_into(RegistryState& state, std::vector<Ref<RegistryState>>& out) {
  const auto same = [&](const Ref<RegistryState>& seen) { return seen.get() == &state; };
  if (std::any_of(out.begin(), out.end(), same)) return;
  out.push_back(Ref<RegistryState>(&state));
  std::vector<Ref<RegistryState>> children;
  {
    const std::lock_guard lock(state.mutex);
    children = state.children;
  }
  for (const Ref<RegistryState>& child : children) walk_into(*child, out);
}

}  // namespace

std::vector<Ref<RegistryState>> walk(RegistryState& root) {
  std::vector<Ref<RegistryState>> out;
  walk_into(root, out);
  return out;
}

void log_creation_error(const std::string& error) { kLog.error("{}", error); }

}  // namespace detail

using detail::Counted;
using detail::Ref;
using detail::RegistryState;

namespace {

// For what could not be registered: a family of its own with the least that works.
FamilyOptions unregistered(const Request& request) {
  auto histogram = std::make_shared<detail::HistogramLayout>();
  auto summary = std::make_shared<detail::SummaryLayout>();
  summary->age_max_ms = 600'000;
  return {.type = request.type,
          .name = std::string(request.name),
          .help = {},
          .const_labels = {},
          .variable_names = request.variable_names,
          .histogram = std::move(histogram),
          .summary = std::move(summary),
          .series_max = 1'000};
}

template <class T>
Created<T> as(Created<detail::FamilyHandle> family) {
  if constexpr (std::is_constructible_v<T, detail::FamilyHandle>) {
    return Created<T>(T(*family), family.error());
  } else {
    return Created<T>(T(family->find_or_make(nullptr, 0)), family.error());
  }
}

}  // namespace

Registry::Registry() : state_(Ref<Counted>(new RegistryState("", {}, false))) {}
Registry::Registry(Ref<Counted> state) noexcept : state_(std::move(state)) {}

Registry Registry::runtime() { return Registry(Ref<Counted>(new RegistryState("dynamo_component_", {}, true))); }

RegistryState& Registry::state() const noexcept { return static_cast<RegistryState&>(*state_); }

Registry Registry::child(std::string_view name) const {
  std::vector<std::string> path = state().path;
  path.emplace_back(name);
  Registry out(Ref<Counted>(new RegistryState(state().prefix, std::move(path), state().has_levels)));
  add_child(out);
  return out;
}

void Registry::add_child(const Registry& child) const {
  const std::lock_guard lock(state().mutex);
  auto& children = state().children;
  const auto same = [&](const Ref<RegistryState>& known) { return known.get() == &child.state(); };
  if (std::none_of(children.begin(), children.end(), same)) children.push_back(Ref<RegistryState>(&child.state()));
}

std::string Registry::path() const {
  std::string out;
  for (const std::string& name : state().path) out += (out.empty() ? "" : ".") + name;
  return out;
}

Created<detail::FamilyHandle> Registry::create(const Request& request) const {
  auto options = detail::family_options(state(), request);
  std::string error;
  if (options.ok()) {
    const std::lock_guard lock(state().mutex);
    options->series_max = state().series_max;
    error = detail::conflict(state(), *options);
    if (error.empty()) {
      Ref<Family> family(new Family(std::move(*options)));
      state().families.push_back(family);
      return {detail::FamilyHandle(Ref<Counted>(std::move(family))), ""};
    }
  } else {
    error = options.error();
  }
  return {detail::FamilyHandle(Ref<Counted>(new Family(unregistered(request)))), std::move(error)};
}

Created<Counter> Registry::create_counter(std::string_view name, std::string_view help, const Labels& labels) const {
  return as<Counter>(create({.type = Type::kCounter, .name = name, .help = help, .labels = labels}));
}
Created<IntCounter> Registry::create_intcounter(std::string_view name, std::string_view help,
                                                const Labels& labels) const {
  return as<IntCounter>(create({.type = Type::kIntCounter, .name = name, .help = help, .labels = labels}));
}
Created<Gauge> Registry::create_gauge(std::string_view name, std::string_view help, const Labels& labels) const {
  return as<Gauge>(create({.type = Type::kGauge, .name = name, .help = help, .labels = labels}));
}
Created<IntGauge> Registry::create_intgauge(std::string_view name, std::string_view help, const Labels& labels) const {
  return as<IntGauge>(create({.type = Type::kIntGauge, .name = name, .help = help, .labels = labels}));
}
Created<Histogram> Registry::create_histogram(std::string_view name, std::string_view help, const Labels& labels,
                                              const HistogramOptions& options) const {
  return as<Histogram>(
      create({.type = Type::kHistogram, .name = name, .help = help, .labels = labels, .histogram = options}));
}
Created<Summary> Registry::create_summary(std::string_view name, std::string_view help, const Labels& labels,
                                          const SummaryOptions& options) const {
  return as<Summary>(
      create({.type = Type::kSummary, .name = name, .help = help, .labels = labels, .summary = options}));
}

Created<CounterVec> Registry::create_countervec(std::string_view name, std::string_view help, const Names& variable,
                                                const Labels& labels) const {
  return as<CounterVec>(
      create({.type = Type::kCounterVec, .name = name, .help = help, .labels = labels, .variable_names = variable}));
}
Created<IntCounterVec> Registry::create_intcountervec(std::string_view name, std::string_view help,
                                                      const Names& variable, const Labels& labels) const {
  return as<IntCounterVec>(
      create({.type = Type::kIntCounterVec, .name = name, .help = help, .labels = labels, .variable_names = variable}));
}
Created<GaugeVec> Registry::create_gaugevec(std::string_view name, std::string_view help, const Names& variable,
                                            const Labels& labels) const {
  return as<GaugeVec>(
      create({.type = Type::kGaugeVec, .name = name, .help = help, .labels = labels, .variable_names = variable}));
}
Created<IntGaugeVec> Registry::create_intgaugevec(std::string_view name, std::string_view help, const Names& variable,
                                                  const Labels& labels) const {
  return as<IntGaugeVec>(
      create({.type = Type::kIntGaugeVec, .name = name, .help = help, .labels = labels, .variable_names = variable}));
}
Created<HistogramVec> Registry::create_histogramvec(std::string_view name, std::string_view help, const Names& variable,
                                                    const Labels& labels, const HistogramOptions& options) const {
  return as<HistogramVec>(create({.type = Type::kHistogramVec,
                                  .name = name,
                                  .help = help,
                                  .labels = labels,
                                  .variable_names = variable,
                                  .histogram = options}));
}
Created<SummaryVec> Registry::create_summaryvec(std::string_view name, std::string_view help, const Names& variable,
                                                const Labels& labels, const SummaryOptions& options) const {
  return as<SummaryVec>(create({.type = Type::kSummaryVec,
                                .name = name,
                                .help = help,
                                .labels = labels,
                                .variable_names = variable,
                                .summary = options}));
}

void Registry::add_update_callback(Callback<std::string()> callback) const {
  auto entry = std::make_shared<detail::ScrapeCallback<std::string>>();
  entry->function = std::move(callback);
  const std::lock_guard lock(state().mutex);
  state().update_callbacks.push_back(std::move(entry));
}

void Registry::add_text_callback(Callback<TextOrError()> callback) const {
  auto entry = std::make_shared<detail::ScrapeCallback<TextOrError>>();
  entry->function = std::move(callback);
  const std::lock_guard lock(state().mutex);
  state().text_callbacks.push_back(std::move(entry));
}

void Registry::set_series_max(std::size_t series) const {
  const std::lock_guard lock(state().mutex);
  state().series_max = series;
}

}  // namespace trilobite::instruments
