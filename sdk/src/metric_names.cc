#include <trilobite/metric_names.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include <trilobite/log.h>

namespace trilobite::instruments::names {
namespace {

constexpr log::Target kLog{"trilobite::metrics"};

// Leaves out as it is when the variable is unset or no number.
template <class Number>
void override_by(std::string_view name, Number& out) {
  for (const char* form : {"DYN_HISTOGRAM_", ""}) {
    const char* text = std::getenv((form + std::string(name)).c_str());
    if (text == nullptr) continue;
    const std::string_view whole = text;
    Number value{};
    const auto [end, failure] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
    if (failure != std::errc() || end != whole.data() + whole.size()) continue;
    out = value;
    return;
  }
}

std::vector<double> doubling(double first, std::size_t count) {
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(first * std::ldexp(1.0, static_cast<int>(i)));
  return out;
}

}  // namespace

std::vector<double> bounds(const Scale& scale) {
  double min = scale.min, max = scale.max;
  unsigned count = scale.count;
  const std::string variable(scale.variable);
  override_by(variable + "_MIN", min);
  override_by(variable + "_MAX", max);
  override_by(variable + "_COUNT", count);
  if (!std::isfinite(min) || !std::isfinite(max) || min <= 0 || min >= max || count == 0 || count > 512) {
    kLog.warn("{}: no histogram has {} buckets from {} to {}; the default is used", variable, count, min, max);
    return log_buckets(scale.min, scale.max, scale.count);
  }
  return log_buckets(min, max, count);
}

std::vector<double> tokenizer_latency_bounds() { return doubling(0.5, 11); }
std::vector<double> router_overhead_bounds() { return doubling(0.0001, 18); }
std::vector<double> hit_rate_bounds() {
  std::vector<double> out;
  for (int i = 0; i <= 20; ++i) out.push_back(i / 20.0);
  return out;
}

std::vector<double> bounds_of(const Standard& metric) {
  if (metric.scale != nullptr) return bounds(*metric.scale);
  if (metric.name == frontend::kTokenizerLatency.name) return tokenizer_latency_bounds();
  if (metric.name == router::kKvHitRate.name) return hit_rate_bounds();
  if (metric.name.starts_with("overhead_")) return router_overhead_bounds();
  return {};
}

std::string frontend_prefix() {
  const char* given = std::getenv("DYN_METRICS_PREFIX");
  if (given == nullptr || *given == '\0') return std::string(frontend::kPrefix);
  std::string out = sanitize_metric_name(given);
  if (out.empty()) out = frontend::kPrefix;
  if (out != given) kLog.warn("DYN_METRICS_PREFIX '{}' is no prefix of metric names; '{}' is used", given, out);
  return out;
}

std::string full_name(std::string_view prefix, const Standard& metric) {
  std::string name(prefix);
  if (!prefix.empty() && prefix.back() != ':') name += '_';
  return name += metric.name;
}

std::vector<std::string> label_names(const Standard& metric) {
  std::vector<std::string> out;
  std::string_view rest = metric.labels;
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    out.emplace_back(rest.substr(0, space));
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  }
  return out;
}

Created<detail::FamilyHandle> create(const Registry& registry, std::string_view prefix, const Standard& metric,
                                     const Labels& labels) {
  const std::string name = full_name(prefix, metric);
  const std::vector<double> buckets = bounds_of(metric);
  Request request{
      .type = metric.type, .name = name, .help = metric.help, .labels = labels, .variable_names = label_names(metric)};
  if (!buckets.empty()) request.histogram.buckets = &buckets;
  return registry.create(request);
}

std::string_view error_type::of_response(int status, std::string_view message) {
  if (status == 400) return message.starts_with("Validation:") ? kValidation : kInternal;
  if (status == 404) return kNotFound;
  if (status == 501) return kNotImplemented;
  if (status == 429 || status == 503) return kOverload;
  if (status > 400 && status < 500) return kValidation;
  return kInternal;
}

}  // namespace trilobite::instruments::names
