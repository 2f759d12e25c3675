#include "cli/sample_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "base/json_writer.h"
#include "logs/text.h"
#include "metrics/parser.h"

namespace trilobite::cli {
namespace {

constexpr TimeNs kMillisecondNs = 1'000'000;
constexpr TimeNs kWindowMin = 1000 * kMillisecondNs;
constexpr std::string_view kName = "__name__";

std::string seconds_text(TimeNs time) {
  const TimeNs ms = time / kMillisecondNs;
  return fmt::format("{}{}.{:03}", ms < 0 ? "-" : "", std::abs(ms) / 1000, std::abs(ms) % 1000);
}

std::string duration_text(TimeNs time) { return fmt::format("{}ms", time / kMillisecondNs); }

// The selector for one of several metrics it selects.
std::string narrowed(const std::string& selector, const std::string& name) {
  const std::string own = fmt::format("{}={}", kName, logql::quote(name));
  const std::size_t brace = selector.find('{');
  if (brace == std::string::npos || selector.find_first_not_of(" \t\n") < brace) return selector;  // it has a name
  const std::string inside = selector.substr(brace + 1);
  return "{" + own + (inside.find_first_not_of(" \t\n") == inside.find('}') ? "" : ", ") + inside;
}

struct Window {
  TimeNs start = 0, end = 0;  // (start, end]
};

using SeriesMap = std::map<Labels, std::vector<MetricSeries::Sample>>;

Result<void> fetch(LokiClient& client, const std::string& selector, const Window& window, SeriesMap& series) {
  const std::string query = fmt::format("{}[{}]", selector, duration_text(window.end - window.start));
  auto body = client.get("/api/v1/query", {{"query", query}, {"time", seconds_text(window.end)}});
  if (!body.ok()) {
    const bool much = body.error().message.find("too many samples") != std::string::npos;
    if (!much || window.end - window.start <= kWindowMin) return std::move(body).error();
    const TimeNs middle = (window.start + (window.end - window.start) / 2) / kMillisecondNs * kMillisecondNs;
    TRY_VOID(fetch(client, selector, {window.start, middle}, series));
    return fetch(client, selector, {middle, window.end}, series);
  }
  TRY(answer, parse_query_answer(*body));
  for (MetricSeries& one : answer.series) {
    auto& samples = series[std::move(one.labels)];
    samples.insert(samples.end(), std::make_move_iterator(one.samples.begin()),
                   std::make_move_iterator(one.samples.end()));
  }
  return {};
}

// What stands for a native histogram begins with a brace.
std::size_t take_histograms_out(std::vector<MetricSeries::Sample>& samples) {
  return std::erase_if(samples, [](const auto& sample) { return sample.value.starts_with('{'); });
}

Result<std::vector<MetricSeries>> series_of(LokiClient& client, const ExportRequest& request,
                                            const std::string& selector, std::size_t& histograms) {
  SeriesMap found;
  for (TimeNs start = request.start - kMillisecondNs; start < request.end;) {
    const TimeNs end = std::min(start + request.window, request.end);
    TRY_VOID(fetch(client, selector, {start, end}, found));
    start = end;
  }
  std::vector<MetricSeries> out;
  for (auto& [labels, samples] : found) {
    histograms += take_histograms_out(samples);
    if (!samples.empty()) out.push_back({labels, std::move(samples)});
  }
  return out;
}

bool is_identifier(std::string_view text, bool colons) {
  const auto letter = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':');
  };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

std::string quoted_unless(bool plain, std::string_view text) {
  return plain ? std::string(text) : "\"" + escaped(text) + "\"";
}

// name{a="b"}, or {"na.me",a="b"} where the name is no identifier.
std::string series_text(const std::string& name, const Labels& labels) {
  const bool plain = is_identifier(name, true);
  std::string inside = plain ? "" : quoted_unless(false, name);
  for (const auto& [label, value] : labels) {
    if (label == kName) continue;
    if (!inside.empty()) inside += ',';
    inside += quoted_unless(is_identifier(label, false), label) + "=\"" + escaped(value) + "\"";
  }
  const std::string braces = inside.empty() ? "" : "{" + inside + "}";
  return plain ? name + braces : braces;
}

// What is counted of the lines of /api/v1/export without reading them as JSON: in JSON as the server writes it these
// texts stand nowhere inside a string, where quotes have a backslash before them.
class ExportedLines {
 public:
  Result<void> add(std::string_view line, ExportCounts& counts) {
    constexpr std::string_view kMetric = "{\"metric\":", kError = "{\"error\":";
    if (line.starts_with(kError)) {
      return error(Code::kUnavailable, "the server broke off: {}", line.substr(kError.size()));
    }
    const std::size_t end = line.find("},\"values\":[");
    if (!line.starts_with(kMetric) || end == std::string_view::npos) {
      return error(Code::kInvalid, "unexpected line from the server: {}", line.substr(0, 80));
    }
    const std::string_view metric = line.substr(0, end);
    const std::string_view rest = line.substr(end);
    if (series_.insert(std::string(metric)).second) ++counts.series;
    constexpr std::string_view kNameKey = "\"__name__\":\"";
    if (const std::size_t at = metric.find(kNameKey); at != std::string_view::npos) {
      const std::string_view from = metric.substr(at + kNameKey.size());
      if (names_.insert(std::string(from.substr(0, from.find('"')))).second) ++counts.metrics;
    }
    const std::size_t histograms = numbers_in(rest, "\"histogram_timestamps\":[");
    counts.samples += numbers_in(rest, "\"timestamps\":[") + histograms;
    counts.histograms += histograms;
    constexpr std::string_view kLeftOut = "\"left_out\":";
    if (const std::size_t at = rest.find(kLeftOut); at != std::string_view::npos) {
      counts.histograms_left_out += std::strtoull(std::string(rest.substr(at + kLeftOut.size())).c_str(), nullptr, 10);
    }
    return {};
  }

 private:
  static std::size_t numbers_in(std::string_view line, std::string_view key) {
    const std::size_t at = line.find(key);
    if (at == std::string_view::npos) return 0;
    const std::string_view list = line.substr(at + key.size());
    const std::string_view inside = list.substr(0, list.find(']'));
    return inside.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(inside.begin(), inside.end(), ','));
  }

  std::set<std::string> series_, names_;
};

// False: the server has no such path.
Result<bool> export_lines(LokiClient& client, const ExportRequest& request,
                          const std::function<void(std::string_view)>& write, ExportCounts& counts) {
  ExportedLines lines;
  bool first = true;
  for (TimeNs start = request.start; start <= request.end;) {
    const TimeNs end = std::min(start + request.window - kMillisecondNs, request.end);
    auto body = client.get("/api/v1/export",
                           {{"match[]", request.selector}, {"start", seconds_text(start)}, {"end", seconds_text(end)}});
    if (!body.ok() && first && body.error().message.find(" answers 404") != std::string::npos) return false;
    if (!body.ok()) return std::move(body).error();
    first = false;
    for (std::string_view rest = *body; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (!line.empty()) TRY_VOID(lines.add(line, counts));
    }
    write(*body);
    start = end + kMillisecondNs;
  }
  return true;
}

}  // namespace

// A counter's family is its name without _total; parts of histograms and summaries are families of their own here,
// because they may come from a selector that selects only some of them.
std::string open_metrics_text(const std::string& name, std::string_view type, std::string_view help,
                              const std::vector<MetricSeries>& series) {
  const bool counter = type == "counter" && name.ends_with("_total");
  const std::string base = counter ? name.substr(0, name.size() - 6) : name;
  const std::string family = quoted_unless(is_identifier(base, true), base);
  std::string out = fmt::format("# TYPE {} {}\n", family, counter ? "counter" : type == "gauge" ? "gauge" : "unknown");
  if (!help.empty()) out += fmt::format("# HELP {} {}\n", family, escaped(help));
  for (const MetricSeries& one : series) {
    const std::string start = series_text(name, one.labels);
    for (const auto& sample : one.samples) {
      out += fmt::format("{} {} {}\n", start, sample.value, seconds_text(sample.time));
    }
  }
  return out;
}

std::string json_lines_text(const std::vector<MetricSeries>& series) {
  std::string out;
  for (const MetricSeries& one : series) {
    out += "{\"metric\":{";
    bool first = true;
    for (const auto& [name, value] : one.labels) {
      if (!first) out += ',';
      first = false;
      append_json_string(out, name);
      out += ':';
      append_json_string(out, value);
    }
    std::string values, times;
    for (const auto& sample : one.samples) {
      const std::string& text = sample.value;
      values += values.empty() ? "" : ",";
      values += text == "NaN" ? "null" : text == "+Inf" ? "\"Infinity\"" : text == "-Inf" ? "\"-Infinity\"" : text;
      times += (times.empty() ? "" : ",") + std::to_string(sample.time / kMillisecondNs);
    }
    out += "},\"values\":[" + values + "],\"timestamps\":[" + times + "]}\n";
  }
  return out;
}

Result<ExportCounts> export_samples(LokiClient& client, const ExportRequest& request, SampleFormat format,
                                    const std::function<void(std::string_view)>& write) {
  TRY_VOID(metrics::parse_selector(request.selector));
  if (format == SampleFormat::kJsonLines) {
    ExportCounts counts;
    TRY(done, export_lines(client, request, write, counts));
    if (done) return counts;
  }
  TRY(names_body, client.get(fmt::format("/api/v1/label/{}/values", kName), {{"match[]", request.selector},
                                                                             {"start", seconds_text(request.start)},
                                                                             {"end", seconds_text(request.end)}}));
  TRY(names, parse_list_answer(names_body));
  ExportCounts counts;
  for (const std::string& name : names) {
    const std::string selector = names.size() == 1 ? request.selector : narrowed(request.selector, name);
    TRY(series, series_of(client, request, selector, counts.histograms_left_out));
    if (series.empty()) continue;
    if (format == SampleFormat::kJsonLines) {
      write(json_lines_text(series));
    } else {
      TRY(metadata_body, client.get("/api/v1/metadata", {{"metric", name}, {"limit_per_metric", "1"}}));
      TRY(metadata, parse_metadata_answer(metadata_body, name));
      write(open_metrics_text(name, metadata.type, metadata.help, series));
    }
    ++counts.metrics;
    counts.series += series.size();
    for (const MetricSeries& one : series) counts.samples += one.samples.size();
  }
  if (format == SampleFormat::kOpenMetrics) write("# EOF\n");
  return counts;
}

Result<void> SamplePieces::add(std::string_view text, const std::function<Result<void>(std::string_view)>& send) {
  rest_ += text;
  std::size_t from = 0;
  for (std::size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', from)) {
    TRY_VOID(add_line(std::string_view(rest_).substr(from, end - from), send));
    from = end + 1;
  }
  rest_.erase(0, from);
  return {};
}

Result<void> SamplePieces::finish(const std::function<Result<void>(std::string_view)>& send) {
  const std::string last = std::move(rest_);
  rest_.clear();
  if (!last.empty()) TRY_VOID(add_line(last, send));
  return flush(send);
}

Result<void> SamplePieces::add_line(std::string_view line, const std::function<Result<void>(std::string_view)>& send) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty() || line == "# EOF") return {};
  if (line.starts_with('#')) {
    if (!in_comments_) comments_.clear();
    in_comments_ = true;
    comments_ += std::string(line) + "\n";
  } else {
    in_comments_ = false;
    samples_ = true;
    ++lines_;
  }
  piece_ += line;
  piece_ += '\n';
  if (piece_.size() < size_max_ || in_comments_) return {};
  TRY_VOID(flush(send));
  piece_ = comments_;
  return {};
}

Result<void> SamplePieces::flush(const std::function<Result<void>(std::string_view)>& send) {
  std::string piece = std::move(piece_);
  piece_.clear();
  if (!samples_) return {};
  samples_ = false;
  if (open_metrics_) piece += "# EOF\n";
  return send(piece);
}

}  // namespace trilobite::cli
