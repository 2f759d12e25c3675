// What a metric must be to be registered. The texts are those of the runtime this library is compatible with.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "registry_state.h"

namespace trilobite::instruments {
namespace {

constexpr std::string_view kAutoLabels[] = {"dynamo_namespace", "dynamo_component", "dynamo_endpoint"};
const std::vector<double> kDefaultBuckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

enum class Colon : std::uint8_t { kAllowed, kRefused };

std::string sanitize(std::string_view name, Colon colon) {
  std::string out;
  for (const char c : name)
    out += is_letter(c) || is_digit(c) || c == '_' || (c == ':' && colon == Colon::kAllowed) ? c : '_';
  if (!out.empty() && !is_letter(out[0]) && out[0] != '_') out.insert(out.begin(), '_');
  return out.find_first_not_of('_') == std::string::npos ? "" : out;
}

bool valid_name(std::string_view name, Colon colon) {
  if (name.empty() || is_digit(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || (c == ':' && colon == Colon::kAllowed);
  });
}

log::Error refused(const std::string& why) { return {"Failed to register metric: " + why}; }

bool is_histogram(Type type) { return type == Type::kHistogram || type == Type::kHistogramVec; }
bool is_summary(Type type) { return type == Type::kSummary || type == Type::kSummaryVec; }

// The names of types in messages: all plain ones share a text.
std::string_view type_in_messages(Type type) {
  switch (type) {
    case Type::kCounter:
    case Type::kIntCounter:
    case Type::kGauge:
    case Type::kIntGauge:
      return "Counter, IntCounter, Gauge, or IntGauge";
    default:
      return type_name(type);
  }
}

std::string check_type(const Request& request) {
  const Type type = request.type;
  if (!is_histogram(type) && request.histogram.buckets != nullptr)
    return fmt::format("buckets parameter is not valid for {}", type_in_messages(type));
  if (is_vector(type) && request.variable_names.empty())
    return fmt::format("{} requires const_labels parameter", type_name(type));
  if (!is_vector(type) && !request.variable_names.empty())
    return fmt::format("const_labels parameter is not valid for {}", type_in_messages(type));
  return {};
}

std::string check_labels(const FamilyOptions& options) {
  std::set<std::string_view> names;
  const auto check = [&](const std::string& name) -> std::string {
    if (!valid_name(name, Colon::kRefused) || name.starts_with("__"))
      return fmt::format("'{}' is not a valid label name", name);
    if ((is_histogram(options.type) && name == "le") || (is_summary(options.type) && name == "quantile"))
      return fmt::format("label name '{}' is used by the metric itself", name);
    if (!names.insert(name).second) return fmt::format("label name '{}' is given twice", name);
    return {};
  };
  for (const Label& label : options.const_labels)
    if (std::string error = check(label.name); !error.empty()) return error;
  for (const std::string& name : options.variable_names)
    if (std::string error = check(name); !error.empty()) return error;
  return {};
}

log::Outcome<std::shared_ptr<const detail::HistogramLayout>> histogram_layout(const HistogramOptions& options) {
  auto layout = std::make_shared<detail::HistogramLayout>();
  const bool native = options.native.factor != 0;
  if (native) {
    if (!(options.native.factor > 1) || !std::isfinite(options.native.factor))
      return refused(fmt::format("factor {} of native buckets is not above 1", options.native.factor));
    if (!(options.native.zero_threshold >= 0) || options.native.buckets_max == 0)
      return refused("native buckets need a zero threshold of at least 0 and at least one bucket");
    layout->native.emplace(ExponentialScale::schema_for(options.native.factor), options.native.zero_threshold);
    layout->native_buckets_max = options.native.buckets_max;
  }
  if (options.buckets != nullptr) {
    layout->bounds = *options.buckets;
  } else if (!native) {
    layout->bounds = kDefaultBuckets;
  }
  if (!layout->bounds.empty() && layout->bounds.back() == INFINITY) layout->bounds.pop_back();
  for (std::size_t i = 0; i < layout->bounds.size(); ++i) {
    if (!std::isfinite(layout->bounds[i])) return refused(fmt::format("bucket {} is not a number", i));
    if (i > 0 && layout->bounds[i] <= layout->bounds[i - 1])
      return refused(fmt::format("histogram buckets must be in increasing order, but {} follows {}", layout->bounds[i],
                                 layout->bounds[i - 1]));
  }
  layout->padded = layout->bounds;
  if (layout->padded.size() % 2 != 0) layout->padded.push_back(INFINITY);
  layout->exemplars = options.exemplars;
  return std::shared_ptr<const detail::HistogramLayout>(std::move(layout));
}

log::Outcome<std::shared_ptr<const detail::SummaryLayout>> summary_layout(const SummaryOptions& options) {
  for (const double quantile : options.quantiles)
    if (!(quantile >= 0 && quantile <= 1)) return refused(fmt::format("quantile {} is not within 0 and 1", quantile));
  if (options.age_max_ms <= 0 || options.age_max_ms > INT64_MAX / 1'000'000'000)
    return refused(fmt::format("age {} ms of a summary is not possible", options.age_max_ms));
  return std::shared_ptr<const detail::SummaryLayout>(std::make_shared<detail::SummaryLayout>(
      detail::SummaryLayout{.quantiles = options.quantiles, .age_max_ms = options.age_max_ms}));
}

std::vector<std::string> all_names(const FamilyOptions& options) {
  std::vector<std::string> out = options.variable_names;
  for (const Label& label : options.const_labels) out.push_back(label.name);
  std::sort(out.begin(), out.end());
  return out;
}

bool same_shape(Type a, Type b) {
  const auto plain = [](Type type) {
    const int value = static_cast<int>(type) - (is_vector(type) ? static_cast<int>(Type::kCounterVec) : 0);
    if (value == static_cast<int>(Type::kIntCounter)) return static_cast<int>(Type::kCounter);
    if (value == static_cast<int>(Type::kIntGauge)) return static_cast<int>(Type::kGauge);
    return value;
  };
  return plain(a) == plain(b);
}

}  // namespace

std::string sanitize_metric_name(std::string_view name) { return sanitize(name, Colon::kAllowed); }

std::string sanitize_label_name(std::string_view name) {
  std::string out = sanitize(name, Colon::kRefused);
  if (!out.starts_with("__")) return out;
  out.erase(0, 2);
  if (out.empty() || !is_letter(out[0])) out.insert(out.begin(), '_');
  return out;
}

namespace detail {

log::Outcome<FamilyOptions> family_options(const RegistryState& level, const Request& request) {
  FamilyOptions out{.type = request.type,
                    .name = std::string(request.name),
                    .help = std::string(request.help),
                    .variable_names = request.variable_names};
  std::set<std::string_view> keys;
  for (const Label& label : request.labels)
    if (!keys.insert(label.name).second)
      return log::Error{fmt::format("Duplicate label key '{}' found in labels", label.name)};

  if (level.has_levels) {
    const std::string name = sanitize_metric_name(request.name);
    if (name.empty()) return log::Error{fmt::format("metric name '{}' should be valid or sanitizable", request.name)};
    out.name = level.prefix + name;
    const auto reserved = [&](const std::string& name_given) {
      return std::find(std::begin(kAutoLabels), std::end(kAutoLabels), name_given) != std::end(kAutoLabels);
    };
    const auto refuse = [](const std::string& label) {
      return log::Error{
          fmt::format("Label '{}' is automatically added by auto-label injection and cannot be manually set", label)};
    };
    for (const Label& label : request.labels)
      if (reserved(label.name)) return refuse(label.name);
    for (const std::string& variable : request.variable_names)
      if (reserved(variable)) return refuse(variable);
    for (std::size_t i = 0; i < std::size(kAutoLabels) && i < level.path.size(); ++i) {
      if (level.path[i].empty()) continue;
      std::string value = sanitize_label_name(level.path[i]);
      if (value.empty())
        return log::Error{
            fmt::format("'{}' cannot be sanitized to a value of label '{}'", level.path[i], kAutoLabels[i])};
      out.const_labels.push_back({.name = std::string(kAutoLabels[i]), .value = std::move(value)});
    }
  }
  out.const_labels.insert(out.const_labels.end(), request.labels.begin(), request.labels.end());

  if (std::string error = check_type(request); !error.empty()) return log::Error{std::move(error)};
  if (!valid_name(out.name, Colon::kAllowed)) return refused(fmt::format("'{}' is not a valid metric name", out.name));
  if (out.help.empty()) return refused("empty help string");
  if (std::string error = check_labels(out); !error.empty()) return refused(error);
  if (is_histogram(request.type)) {
    auto layout = histogram_layout(request.histogram);
    if (!layout.ok()) return log::Error{layout.error()};
    out.histogram = *layout;
  }
  if (is_summary(request.type)) {
    auto layout = summary_layout(request.summary);
    if (!layout.ok()) return log::Error{layout.error()};
    out.summary = *layout;
  }
  std::sort(out.const_labels.begin(), out.const_labels.end(),
            [](const Label& a, const Label& b) { return a.name < b.name; });
  return out;
}

std::string conflict(const RegistryState& level, const FamilyOptions& options) {
  for (const Ref<Family>& family : level.families) {
    const FamilyOptions& known = family->options();
    if (known.name != options.name) continue;
    if (known.help != options.help || all_names(known) != all_names(options))
      return refused(
                 fmt::format("a previously registered metric with the same name '{}' has different label names or a "
                             "different help string",
                             options.name))
          .text;
    if (!same_shape(known.type, options.type))
      return refused(fmt::format("a previously registered metric '{}' is a {}", options.name, type_name(known.type)))
          .text;
    if (known.const_labels == options.const_labels)
      return refused(fmt::format("metric '{}' with these labels is registered already", options.name)).text;
  }
  return {};
}

}  // namespace detail
}  // namespace trilobite::instruments
