// trilobite query metrics EXPR: PromQL at one time, or over a time range; as a table, JSON, CSV or a plot.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <set>

#include "cli/metric_table.h"
#include "cli/progress.h"
#include "cli/query_command.h"
#include "cli/terminal.h"
#include "cli/terminal_plot.h"
#include "logs/text.h"

namespace trilobite::cli {
namespace {

constexpr TimeNs kSecondNs = 1'000'000'000;
constexpr TimeNs kStepsWanted = 30, kPlotStepsWanted = 200;
constexpr std::size_t kPlotWidthMax = 200, kPlotHeight = 16, kPlotLinesMax = 10;

struct Flags {
  std::string expr, at = "now", step, timeout, output = "table", zone = "local", color = "auto";
  QueryWindow window;
  bool range = false, logarithmic = false, statistics = false;
};

TimeStyle style_of(const Flags& flags) { return {TimeForm::kSeconds, zone_of(flags.zone)}; }

// The step asked for, or whole seconds that give about as many points as are wanted.
Result<TimeNs> step_of(const Flags& flags, const TimeBounds& bounds) {
  if (!flags.step.empty()) {
    double seconds = 0;
    char* end = nullptr;
    seconds = std::strtod(flags.step.c_str(), &end);
    if (end != nullptr && *end == 0 && seconds > 0 && seconds < 1e9) {
      return static_cast<TimeNs>(seconds * 1e9);
    }
    auto step = logql::parse_prometheus_duration(flags.step);
    if (!step.ok()) return std::move(step).error().within("--step");
    if (*step <= 0) return error(Code::kInvalid, "--step: it must be greater than 0");
    return *step;
  }
  const TimeNs wanted = flags.output == "plot" ? kPlotStepsWanted : kStepsWanted;
  const TimeNs seconds = (bounds.end - bounds.start) / wanted / kSecondNs;
  return std::max<TimeNs>(seconds, 1) * kSecondNs;
}

// A field of CSV as RFC 4180 has it.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// A row per sample: time, a column for each label that occurs, value.
std::string csv_text(const QueryAnswer& answer, const TimeStyle& style) {
  std::set<std::string> names;
  for (const MetricSeries& series : answer.series) {
    for (const auto& [name, value] : series.labels) names.insert(name);
  }
  std::string out = "time";
  for (const std::string& name : names) out += "," + csv_field(name);
  out += ",value\n";
  for (const MetricSeries& series : answer.series) {
    std::string labels;
    for (const std::string& name : names) {
      const auto found =
          std::find_if(series.labels.begin(), series.labels.end(), [&](const auto& l) { return l.first == name; });
      labels += "," + (found == series.labels.end() ? "" : csv_field(found->second));
    }
    for (const auto& sample : series.samples) {
      out += format_time(sample.time, style) + labels + "," + csv_field(sample.value) + "\n";
    }
  }
  return out;
}

// Those with the greatest last values when there are more than one can tell apart.
std::string plot_of(const QueryAnswer& answer, const Flags& flags, const TimeBounds& bounds, TimeNs step) {
  std::vector<PlotLine> lines;
  for (const MetricSeries& series : answer.series) {
    PlotLine line{to_string(series.labels), {}};
    for (const auto& sample : series.samples) {
      if (sample.value.starts_with('{')) continue;  // a native histogram has no one value
      line.points.emplace_back(sample.time, std::strtod(sample.value.c_str(), nullptr));
    }
    if (!line.points.empty()) lines.push_back(std::move(line));
  }
  const std::size_t all = lines.size();
  if (all > kPlotLinesMax) {
    std::stable_sort(lines.begin(), lines.end(),
                     [](const auto& a, const auto& b) { return a.points.back().second > b.points.back().second; });
    lines.resize(kPlotLinesMax);
  }
  PlotOptions options;
  options.start = bounds.start;
  options.end = bounds.end;
  options.step = step;
  options.width = std::min(terminal_width(), kPlotWidthMax);
  options.height = kPlotHeight;
  options.colors = wants_colors(flags.color);
  options.logarithmic = flags.logarithmic;
  options.time = style_of(flags);
  std::string out = plot_text(lines, options);
  if (all > lines.size()) out += fmt::format("  and {} more series with lower last values\n", all - lines.size());
  return out;
}

std::string text_of(const QueryAnswer& answer, const std::string& body, const Flags& flags, const TimeBounds& bounds,
                    TimeNs step) {
  if (flags.output == "json") return body.ends_with('\n') ? body : body + "\n";
  if (flags.output == "csv") return csv_text(answer, style_of(flags));
  if (flags.output == "plot") return plot_of(answer, flags, bounds, step);
  const OutputForm form = flags.output == "jsonl" ? OutputForm::kJsonl : OutputForm::kDefault;
  return metric_text(answer, {form, style_of(flags), terminal_width()});
}

// Most say themselves what they are: "PromQL warning: ...".
void print_remark(std::string_view kind, const std::string& text) {
  if (text.starts_with("PromQL ")) {
    fmt::print(stderr, "{}\n", text);
  } else {
    fmt::print(stderr, "{}: {}\n", kind, text);
  }
}

Result<void> run(const Flags& flags, bool quiet, LokiClient& client) {
  const TimeNs now = SystemClock().now();
  http::Parameters parameters{{"query", flags.expr}};
  if (!flags.timeout.empty()) parameters.emplace_back("timeout", flags.timeout);
  if (flags.statistics) parameters.emplace_back("stats", "true");
  TimeBounds bounds;
  TimeNs step = 0;
  if (flags.range) {
    TRY(window, bounds_of(flags.window, now));
    TRY(chosen, step_of(flags, window));
    bounds = window;
    step = chosen;
    parameters.emplace_back("start", prometheus_time(bounds.start));
    parameters.emplace_back("end", prometheus_time(bounds.end));
    parameters.emplace_back("step", prometheus_time(step));
  } else {
    TRY(at, parse_time(flags.at, now));
    parameters.emplace_back("time", prometheus_time(at));
  }
  Progress progress(quiet ? Progress::Show::kNever : Progress::Show::kOnTerminal);
  TRY(body, client.get(flags.range ? "/api/v1/query_range" : "/api/v1/query", parameters));
  TRY(answer, parse_query_answer(body));
  progress.finish();
  const std::string text = text_of(answer, body, flags, bounds, step);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (quiet) return {};
  for (const std::string& warning : answer.warnings) print_remark("warning", warning);
  for (const std::string& info : answer.infos) print_remark("info", info);
  if (answer.series.empty()) fmt::print(stderr, "no series\n");
  if (flags.statistics) {
    TRY(statistics, parse_promql_statistics(body));
    fmt::print(stderr, "{:.1f} ms, {} samples\n", statistics.seconds * 1000, with_commas(statistics.samples));
  }
  return {};
}

}  // namespace

void add_query_metrics(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = query.add_subcommand("metrics", "PromQL at one time, or over a time range");
  command->add_option("EXPR", flags->expr, "PromQL, such as 'sum by (job) (rate(http_requests_total[5m]))'")
      ->required();
  add_time_flag(*command, "--now,--at", flags->at, "The time of an instant query (default: now)");
  add_window_flags(*command, flags->window);
  command->add_option("--step", flags->step, "Time between two points, such as 30s; makes it a range query");
  command->add_option("--timeout", flags->timeout, "Give up after this time");
  command->add_option("-o,--output", flags->output, "table, csv, json (the whole answer), jsonl or plot")
      ->check(CLI::IsMember({"table", "csv", "json", "jsonl", "plot"}));
  command->add_option("--color", flags->color, "Of plots: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  command->add_flag("--log", flags->logarithmic, "A logarithmic axis for plots");
  command->add_flag("--stats", flags->statistics, "Print time and samples to stderr");
  add_zone_flag(*command, flags->zone);
  add_connection_flags(*command, *connection);
  command->callback([flags, connection, command, &status] {
    for (const char* name : {"--from", "--to", "--since", "--step"}) flags->range |= command->count(name) > 0;
    flags->range |= flags->output == "plot";
    status = run_query(*connection, [&](LokiClient& client) { return run(*flags, connection->quiet, client); });
  });
}

}  // namespace trilobite::cli
