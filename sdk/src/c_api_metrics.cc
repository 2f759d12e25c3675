// Registries, metrics and the status server.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include <trilobite/engine_metrics.h>
#include <trilobite/metrics.h>
#include <trilobite/status_server.h>

#include "c_api_handles.h"
#include "c_api_text.h"

using namespace trilobite;  // NOLINT(google-build-using-namespace): the functions below are outside any

struct tri_registry {
  metrics::Registry registry;
};

struct tri_metric {
  metrics::detail::FamilyHandle family;
  int type;
};

struct tri_series {
  std::variant<metrics::Counter, metrics::Gauge, metrics::Histogram, metrics::Summary> number;
};

struct tri_output {
  std::string text;
};

namespace {

// One runtime and one status server of the process, as Python has one interpreter.
struct Process {
  metrics::Registry runtime = metrics::Registry::runtime();
  std::mutex mutex;
  std::optional<status::StatusServer> server;
};

// Never destroyed: other threads may still count while the process ends.
Process& process() {
  static Process* const one = std::make_unique<Process>().release();
  return *one;
}

metrics::Type to_type(int type, bool vector) {
  switch (type) {
    case TRI_COUNTER:
      return vector ? metrics::Type::kCounterVec : metrics::Type::kCounter;
    case TRI_GAUGE:
      return vector ? metrics::Type::kGaugeVec : metrics::Type::kGauge;
    case TRI_HISTOGRAM:
      return vector ? metrics::Type::kHistogramVec : metrics::Type::kHistogram;
    default:
      return vector ? metrics::Type::kSummaryVec : metrics::Type::kSummary;
  }
}

metrics::EngineOptions to_options(const tri_engine& engine) {
  metrics::EngineOptions options;
  for (const std::string_view prefix : c_api::views(engine.include, engine.include_count))
    options.include_prefixes.emplace_back(prefix);
  for (const std::string_view prefix : c_api::views(engine.exclude, engine.exclude_count))
    options.exclude_prefixes.emplace_back(prefix);
  options.name_space = std::string(c_api::view(engine.name_space));
  options.component = std::string(c_api::view(engine.component));
  if (engine.endpoint.size != 0) options.endpoint = std::string(c_api::view(engine.endpoint));
  options.model = std::string(c_api::view(engine.model));
  const auto names = c_api::views(engine.label_names, engine.label_count);
  const auto values = c_api::views(engine.label_values, engine.label_count);
  for (std::size_t i = 0; i < names.size(); ++i)
    options.labels.push_back({std::string(names[i]), i < values.size() ? std::string(values[i]) : ""});
  return options;
}

bool valid_exposition(int exposition) { return exposition >= TRI_TEXT && exposition <= TRI_PROTOBUF; }

}  // namespace

extern "C" {

tri_registry* tri_runtime(void) { return std::make_unique<tri_registry>(tri_registry{process().runtime}).release(); }

tri_registry* tri_registry_new(void) { return std::make_unique<tri_registry>().release(); }

tri_registry* tri_registry_child(const tri_registry* parent, tri_text name) {
  if (parent == nullptr) return nullptr;
  return std::make_unique<tri_registry>(tri_registry{parent->registry.child(c_api::view(name))}).release();
}

void tri_registry_free(tri_registry* registry) { const std::unique_ptr<tri_registry> owned(registry); }

tri_metric* tri_metric_new(const tri_registry* registry, int type, tri_text name, tri_text help,
                           const tri_text* variable, size_t variable_count, const double* buckets, size_t bucket_count,
                           char* error, size_t error_size) {
  if (registry == nullptr || type < TRI_COUNTER || type > TRI_SUMMARY)
    return c_api::tell("no registry, or no such type of metric", error, error_size), nullptr;
  metrics::Request request{
      .type = to_type(type, variable_count != 0), .name = c_api::view(name), .help = c_api::view(help)};
  for (const std::string_view label : c_api::views(variable, variable_count))
    request.variable_names.emplace_back(label);
  std::vector<double> bounds;
  if (buckets != nullptr) {
    bounds.assign(buckets, buckets + bucket_count);
    request.histogram.buckets = &bounds;
  }
  auto created = registry->registry.create(request);
  if (!created.ok()) return c_api::tell(created.error(), error, error_size), nullptr;
  return std::make_unique<tri_metric>(tri_metric{*created, type}).release();
}

void tri_metric_free(tri_metric* metric) { const std::unique_ptr<tri_metric> owned(metric); }

tri_series* tri_metric_with(const tri_metric* metric, const tri_text* values, size_t count) {
  if (metric == nullptr) return nullptr;
  const auto texts = c_api::views(values, count);
  auto cell = metric->family.find_or_make(texts.data(), texts.size());
  switch (metric->type) {
    case TRI_COUNTER:
      return std::make_unique<tri_series>(tri_series{metrics::Counter(std::move(cell))}).release();
    case TRI_GAUGE:
      return std::make_unique<tri_series>(tri_series{metrics::Gauge(std::move(cell))}).release();
    case TRI_HISTOGRAM:
      return std::make_unique<tri_series>(tri_series{metrics::Histogram(std::move(cell))}).release();
    default:
      return std::make_unique<tri_series>(tri_series{metrics::Summary(std::move(cell))}).release();
  }
}

void tri_series_free(tri_series* series) { const std::unique_ptr<tri_series> owned(series); }

void tri_series_add(tri_series* series, double amount) {
  if (series == nullptr) return;
  if (const auto* counter = std::get_if<metrics::Counter>(&series->number)) counter->add(amount);
  if (const auto* gauge = std::get_if<metrics::Gauge>(&series->number)) gauge->add(amount);
}

void tri_series_set(tri_series* series, double value) {
  if (series == nullptr) return;
  if (const auto* gauge = std::get_if<metrics::Gauge>(&series->number)) gauge->set(value);
}

void tri_series_observe(tri_series* series, double value) {
  if (series == nullptr) return;
  if (const auto* histogram = std::get_if<metrics::Histogram>(&series->number)) histogram->observe(value);
  if (const auto* summary = std::get_if<metrics::Summary>(&series->number)) summary->observe(value);
}

void tri_series_add_in(tri_series* series, double amount, const tri_context* context) {
  const auto* counter = series == nullptr ? nullptr : std::get_if<metrics::Counter>(&series->number);
  if (counter == nullptr || context == nullptr) return tri_series_add(series, amount);
  const trace::Entered entered = context->context.attach();
  counter->add_with_exemplar(amount);
}

void tri_series_observe_in(tri_series* series, double value, const tri_context* context) {
  const auto* histogram = series == nullptr ? nullptr : std::get_if<metrics::Histogram>(&series->number);
  if (histogram == nullptr || context == nullptr) return tri_series_observe(series, value);
  const trace::Entered entered = context->context.attach();
  histogram->observe_with_exemplar(value);
}

void tri_output_append(tri_output* output, tri_text piece) {
  if (output != nullptr) output->text += c_api::view(piece);
}

int tri_registry_text(const tri_registry* registry, int (*write)(void* user, tri_output* output), void* user,
                      const tri_engine* engine, char* error, size_t error_size) {
  if (registry == nullptr || write == nullptr)
    return c_api::tell("no registry, or nothing to call", error, error_size), -1;
  auto text = [write, user]() -> metrics::TextOrError {
    tri_output output;
    if (write(user, &output) == 0) return {.text = std::move(output.text)};
    return {.text = "", .error = output.text.empty() ? "the callback failed" : std::move(output.text)};
  };
  if (engine == nullptr) {
    registry->registry.add_text_callback(text);
    return 0;
  }
  const std::string refused = metrics::pass_through(registry->registry, text, to_options(*engine));
  if (refused.empty()) return 0;
  return c_api::tell(refused, error, error_size), -1;
}

char* tri_expose(const tri_registry* registry, int exposition, size_t* size, char* error, size_t error_size) {
  if (registry == nullptr || size == nullptr || !valid_exposition(exposition))
    return c_api::tell("no registry, no size, or no such exposition", error, error_size), nullptr;
  const metrics::TextOrError text = registry->registry.expose(static_cast<metrics::Exposition>(exposition));
  if (!text.ok()) return c_api::tell(text.error, error, error_size), nullptr;
  auto* const copy = static_cast<char*>(std::malloc(text.text.size() + 1));
  if (copy == nullptr) return c_api::tell("out of memory", error, error_size), nullptr;
  std::memcpy(copy, text.text.c_str(), text.text.size() + 1);
  *size = text.text.size();
  return copy;
}

const char* tri_content_type(int exposition) {
  if (!valid_exposition(exposition)) return "";
  return metrics::Registry::content_type(static_cast<metrics::Exposition>(exposition)).data();
}

void tri_free(void* memory) { std::free(memory); }

int tri_status_server_start(char* error, size_t error_size) {
  Process& one = process();
  const std::lock_guard lock(one.mutex);
  if (one.server) return c_api::tell("the status server runs already", error, error_size), -1;
  auto options = status::Options::from_environment();
  if (!options.error.empty()) return c_api::tell(options.error, error, error_size), -1;
  const bool wanted = options.port >= 0;
  one.server.emplace(status::StatusServer::start(std::move(options), one.runtime));
  if (!wanted) return 0;
  if (one.server->running()) return one.server->port();
  one.server.reset();
  return c_api::tell("the status server cannot listen; the log says why", error, error_size), -1;
}

void tri_status_server_health(tri_text endpoint, int ready) {
  Process& one = process();
  const std::lock_guard lock(one.mutex);
  if (one.server) one.server->endpoint_ready(c_api::view(endpoint), ready != 0);
}

}  // extern "C"
