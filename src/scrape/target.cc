#include "scrape/target.h"

#include "agent/http_client.h"
#include "base/hash.h"
#include "scrape/discovery.h"

namespace trilobite::scrape {
namespace {

constexpr std::string_view kParam = "__param_";

Result<void> check_address(std::string_view address) {
  if (address.empty()) return error(Code::kInvalid, "no address");
  // Only the host and port are expected, no path.
  if (address.find('/') != std::string_view::npos) {
    return error(Code::kInvalid, "\"{}\" is not a valid hostname", address);
  }
  return {};
}

Result<Nanoseconds> duration_of(const Labels& labels, std::string_view name, std::string_view what) {
  auto parsed = parse_duration(labels.get(name));
  if (!parsed.ok()) return std::move(parsed).error().within("error parsing scrape {}", what);
  if (parsed->count() == 0) return error(Code::kInvalid, "scrape {} cannot be 0", what);
  return *parsed;
}

bool flag_of(const Labels& labels, std::string_view name, bool otherwise) {
  const std::string_view text = labels.get(name);
  return text.empty() ? otherwise : text == "true";
}

// Parameters in order of name, as Go encodes them; labels win over the configuration's first value.
std::string query_of(const ScrapeConfig& config, const Labels& labels) {
  std::map<std::string, std::vector<std::string>, std::less<>> params;
  for (const auto& [name, values] : config.params) params[name] = values;
  for (const auto& [name, value] : labels) {
    if (!name.starts_with(kParam)) continue;
    auto& values = params[name.substr(kParam.size())];
    if (values.empty()) {
      values.push_back(value);
    } else {
      values.front() = value;
    }
  }
  std::string out;
  for (const auto& [name, values] : params) {
    for (const std::string& value : values) {
      out += fmt::format("{}{}={}", out.empty() ? "?" : "&", agent::url_escape(name), agent::url_escape(value));
    }
  }
  return out;
}

std::uint64_t hash_of(const Labels& labels, const std::string& url) {
  std::string bytes = url;
  for (const auto& [name, value] : labels) {
    bytes += '\0';
    bytes += name;
    bytes += '\1';
    bytes += value;
  }
  return hash64(bytes);
}

}  // namespace

Labels discovered_labels(const ScrapeConfig& config, const TargetGroup& group, const Labels& target) {
  Labels labels = target;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (labels.get(name).empty() && !value.empty()) labels.set(name, value);
  };
  for (const auto& [name, value] : group.labels) {
    if (labels.find(name) == nullptr) labels.set(name, value);
  }
  add("job", config.job_name);
  add("__scrape_interval__", format_duration(config.interval));
  add("__scrape_timeout__", format_duration(config.timeout));
  add("__metrics_path__", config.metrics_path);
  add("__scheme__", config.scheme);
  for (const auto& [name, values] : config.params) {
    if (!values.empty()) add(std::string(kParam) + name, values.front());
  }
  return labels;
}

Result<std::optional<TargetSpec>> make_target(const ScrapeConfig& config, Labels discovered) {
  TargetSpec out;
  Labels labels = discovered;
  out.discovered = std::move(discovered);
  if (!agent::relabel(config.relabel, labels)) return std::optional<TargetSpec>();
  const std::string address(labels.get("__address__"));
  TRY_VOID(check_address(address));
  TRY(interval, duration_of(labels, "__scrape_interval__", "interval"));
  TRY(timeout, duration_of(labels, "__scrape_timeout__", "timeout"));
  if (timeout > interval) {
    return error(Code::kInvalid, "scrape timeout cannot be greater than scrape interval (\"{}\" > \"{}\")",
                 labels.get("__scrape_timeout__"), labels.get("__scrape_interval__"));
  }
  out.interval = interval;
  out.timeout = timeout;
  out.unix_socket = labels.get("__unix_socket__");
  out.native_histograms = flag_of(labels, "__scrape_native_histograms__", config.native_histograms);
  out.classic_histograms_to_custom =
      flag_of(labels, "__convert_classic_histograms_to_nhcb__", config.classic_histograms_to_custom);
  out.always_classic_histograms =
      flag_of(labels, "__always_scrape_classic_histograms__", config.always_classic_histograms);
  const std::string_view path = labels.get("__metrics_path__");
  out.url = fmt::format("{}://{}{}{}{}", labels.get("__scheme__"), address,
                        path.starts_with('/') || path.empty() ? "" : "/", path, query_of(config, labels));
  labels.erase_if([](const Labels::Pair& pair) { return pair.first.starts_with("__meta_"); });
  if (labels.find("instance") == nullptr) labels.set("instance", address);
  out.hash = hash_of(labels, out.url);
  labels.erase_if([](const Labels::Pair& pair) { return pair.first.starts_with("__") || pair.second.empty(); });
  out.labels = std::move(labels);
  return std::optional<TargetSpec>(std::move(out));
}

std::vector<RelabelStep> relabel_steps(const std::vector<agent::RelabelRule>& rules, Labels labels) {
  std::vector<RelabelStep> out;
  for (const agent::RelabelRule& rule : rules) {
    const bool keep = agent::relabel({rule}, labels);
    out.push_back({&rule, keep ? labels : Labels(), keep});
    if (!keep) break;
  }
  return out;
}

}  // namespace trilobite::scrape
