#include <trilobite/custom_metrics.h>

#include <cmath>
#include <map>
#include <mutex>

#include <trilobite/log.h>

#include "json.h"
#include "json_pull.h"

namespace trilobite::instruments {
namespace {

constexpr log::Target kLog{"trilobite::custom_metrics"};

// metrics.gauges of a report, or why there are none.
std::string read_gauges(std::string_view json, std::map<std::string, double>& out) {
  std::string compact;
  if (!log::append_if_json(compact, json)) return "the report is not valid JSON";
  JsonPull report(compact);
  if (!report.at_object()) return "the report is not a JSON object";
  bool found = false;
  std::string error;
  report.object([&](const std::string& key) {
    if (key != "metrics" || !report.at_object()) return report.skip(), true;
    return report.object([&](const std::string& inner) {
      if (inner != "gauges" || !report.at_object()) return report.skip(), true;
      found = true;
      return report.object([&](const std::string& name) {
        if (!report.at_number()) {
          error = "gauge '" + name + "' is not a number";
          return false;
        }
        out[name] = report.number();
        return true;
      });
    });
  });
  if (error.empty() && !found) error = "the report has no object metrics.gauges";
  return error;
}

}  // namespace

bool parse_address(std::string_view text, Address& out) {
  const std::size_t one = text.find('.');
  const std::size_t two = one == std::string_view::npos ? one : text.find('.', one + 1);
  if (two == std::string_view::npos || text.find('.', two + 1) != std::string_view::npos) return false;
  out = {.name_space = std::string(text.substr(0, one)),
         .component = std::string(text.substr(one + 1, two - one - 1)),
         .endpoint = std::string(text.substr(two + 1))};
  return !out.name_space.empty() && !out.component.empty() && !out.endpoint.empty();
}

class CustomMetricsState : public detail::Counted {
 public:
  explicit CustomMetricsState(Registry runtime) : runtime_(std::move(runtime)) {}

  std::string apply(std::string_view address, std::string_view json) {
    Address parts;
    if (!parse_address(address, parts))
      return "'" + std::string(address) + "' is not of the form namespace.component.endpoint";
    std::map<std::string, double> gauges;
    if (std::string error = read_gauges(json, gauges); !error.empty()) return error;
    const std::lock_guard lock(mutex_);
    auto level = levels_.find(address);
    if (level == levels_.end()) {
      if (levels_.size() >= CustomMetrics::kAddressesMax) return "too many addresses report metrics";
      const Registry endpoint = runtime_.child(parts.name_space).child(parts.component).child(parts.endpoint);
      level = levels_.emplace(address, Level{.registry = endpoint, .gauges = {}}).first;
    }
    return set(level->second, gauges);
  }

 private:
  struct Level {
    Registry registry;
    std::map<std::string, Gauge> gauges;
    bool complained = false;
  };

  std::string set(Level& level, const std::map<std::string, double>& values) {
    std::string error;
    for (const auto& [name, value] : values) {
      auto known = level.gauges.find(name);
      if (known == level.gauges.end()) {
        if (level.gauges.size() >= CustomMetrics::kGaugesMax) {
          if (!level.complained)
            kLog.warn("Custom metric is dropped: its address has the maximum of {} gauges", CustomMetrics::kGaugesMax,
                      log::kv("metric_name", name), log::kv("address", level.registry.path()));
          level.complained = true;
          continue;
        }
        const auto created = level.registry.create_gauge(name, name);
        if (!created.ok()) {
          if (error.empty()) error = created.error();
          continue;
        }
        known = level.gauges.emplace(name, *created).first;
      }
      known->second.set(value);
    }
    return error;
  }

  const Registry runtime_;
  std::mutex mutex_;
  std::map<std::string, Level, std::less<>> levels_;
};

CustomMetrics::CustomMetrics(const Registry& runtime)
    : state_(detail::Ref<detail::Counted>(new CustomMetricsState(runtime))) {}

std::string CustomMetrics::apply(std::string_view address, std::string_view json) const {
  return static_cast<CustomMetricsState&>(*state_).apply(address, json);
}

}  // namespace trilobite::instruments
