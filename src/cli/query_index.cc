// trilobite query labels, series, stats, volume: what there is, without the lines. `--metrics` asks for metrics.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <set>

#include "base/json_writer.h"
#include "cli/metric_table.h"
#include "cli/progress.h"
#include "cli/query_command.h"

namespace trilobite::cli {
namespace {

struct Flags {
  std::string argument;  // a label's name, or a selector
  QueryWindow window;
  std::string output = "default", zone = "local";
  std::vector<std::string> matchers;
  bool analyze = false, by_label = false, metrics = false;
  std::vector<std::string> target_labels;
  std::size_t limit = 30;
  std::string step;
};

http::Parameters window_parameters(const TimeBounds& bounds) {
  return {{"start", std::to_string(bounds.start)}, {"end", std::to_string(bounds.end)}};
}

http::Parameters prometheus_window(const TimeBounds& bounds) {
  return {{"start", prometheus_time(bounds.start)}, {"end", prometheus_time(bounds.end)}};
}

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

void print_list(const std::vector<std::string>& values, OutputForm form) {
  std::string out;
  for (const std::string& value : values) {
    if (form == OutputForm::kJsonl) {
      append_json_string(out, value);
      out += '\n';
    } else {
      out += value + "\n";
    }
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
}

void print_series(const std::vector<Labels>& series, OutputForm form) {
  std::string out;
  for (const Labels& labels : series) {
    if (form == OutputForm::kJsonl) {
      JsonWriter json(out);
      json.begin_object();
      for (const auto& [name, value] : labels) json.key(name).string(value);
      json.end_object();
    } else {
      out += to_string(labels);
    }
    out += '\n';
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
}

// How many values each label has, and in how many streams it is: what makes too many streams.
void print_analysis(const std::vector<Labels>& series) {
  std::map<std::string, std::pair<std::set<std::string>, std::size_t>> names;
  for (const Labels& labels : series) {
    for (const auto& [name, value] : labels) {
      names[name].first.insert(value);
      ++names[name].second;
    }
  }
  std::vector<std::pair<std::string, std::pair<std::size_t, std::size_t>>> sorted;
  for (const auto& [name, found] : names) sorted.push_back({name, {found.first.size(), found.second}});
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.first > b.second.first; });
  Table table{{"LABEL", "VALUES", "STREAMS"}, {false, true, true}, {}};
  for (const auto& [name, counts] : sorted) {
    table.rows.push_back({name, with_commas(counts.first), with_commas(counts.second)});
  }
  fmt::print("{} streams, {} labels\n\n{}", with_commas(series.size()), with_commas(names.size()), table.text());
}

Result<void> run_labels(LokiClient& client, const Flags& flags) {
  TRY(bounds, bounds_of(flags.window, SystemClock().now()));
  http::Parameters parameters = flags.metrics ? prometheus_window(bounds) : window_parameters(bounds);
  if (!flags.matchers.empty()) parameters.emplace_back(flags.metrics ? "match[]" : "query", flags.matchers.front());
  const std::string base = flags.metrics ? "/api/v1" : "/loki/api/v1";
  const std::string path = flags.argument.empty() ? base + "/labels" : base + "/label/" + flags.argument + "/values";
  TRY(body, client.get(path, parameters));
  TRY(values, parse_list_answer(body));
  print_list(values, output_form(flags.output));
  return {};
}

Result<void> run_series(LokiClient& client, const Flags& flags) {
  TRY(bounds, bounds_of(flags.window, SystemClock().now()));
  http::Parameters parameters = flags.metrics ? prometheus_window(bounds) : window_parameters(bounds);
  const std::string all = flags.metrics ? R"({__name__!=""})" : "{}";
  parameters.emplace_back("match[]", flags.argument.empty() ? all : flags.argument);
  TRY(body, client.get(flags.metrics ? "/api/v1/series" : "/loki/api/v1/series", parameters));
  TRY(series, parse_series_answer(body));
  std::sort(series.begin(), series.end());
  if (flags.analyze) {
    print_analysis(series);
  } else {
    print_series(series, output_form(flags.output));
  }
  return {};
}

Result<void> run_stats(LokiClient& client, const Flags& flags) {
  TRY(bounds, bounds_of(flags.window, SystemClock().now()));
  http::Parameters parameters = window_parameters(bounds);
  parameters.emplace_back("query", flags.argument.empty() ? "{}" : flags.argument);
  TRY(body, client.get("/loki/api/v1/index/stats", parameters));
  TRY(found, parse_statistics_answer(body));
  if (output_form(flags.output) == OutputForm::kJsonl) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("streams").number(found.streams).key("chunks").number(found.chunks);
    json.key("entries").number(found.entries).key("bytes").number(found.bytes).end_object();
    fmt::print("{}\n", out);
    return {};
  }
  Table table{{"STREAMS", "CHUNKS", "LINES", "BYTES"}, {true, true, true, true}, {}};
  table.rows.push_back(
      {with_commas(found.streams), with_commas(found.chunks), with_commas(found.entries), readable_bytes(found.bytes)});
  fmt::print("{}", table.text());
  return {};
}

Result<void> run_volume(LokiClient& client, const Flags& flags) {
  TRY(bounds, bounds_of(flags.window, SystemClock().now()));
  http::Parameters parameters = window_parameters(bounds);
  parameters.emplace_back("query", flags.argument.empty() ? "{}" : flags.argument);
  parameters.emplace_back("limit", std::to_string(flags.limit));
  if (!flags.target_labels.empty()) parameters.emplace_back("targetLabels", join(flags.target_labels));
  if (flags.by_label) parameters.emplace_back("aggregateBy", "labels");
  if (!flags.step.empty()) parameters.emplace_back("step", flags.step);
  TRY(body,
      client.get(flags.step.empty() ? "/loki/api/v1/index/volume" : "/loki/api/v1/index/volume_range", parameters));
  TRY(answer, parse_query_answer(body));
  const OutputForm form = output_form(flags.output);
  if (flags.by_label && form == OutputForm::kDefault) {  // the names count, their values are empty
    for (MetricSeries& series : answer.series) {
      if (!series.labels.empty()) series.labels = {{"label", series.labels.front().first}};
    }
  }
  if (form == OutputForm::kDefault) {
    for (MetricSeries& series : answer.series) {
      for (auto& sample : series.samples) {
        sample.value = readable_bytes(std::strtoull(sample.value.c_str(), nullptr, 10));
      }
    }
  }
  fmt::print("{}", metric_text(answer, {form, {TimeForm::kSeconds, zone_of(flags.zone)}, 160}));
  return {};
}

using Run = Result<void> (*)(LokiClient&, const Flags&);

CLI::App* add(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status,
              const std::shared_ptr<Flags>& flags, const char* name, const char* help, Run run) {
  CLI::App* command = query.add_subcommand(name, help);
  add_window_flags(*command, flags->window);
  add_output_flag(*command, flags->output);
  add_connection_flags(*command, *connection);
  command->callback([flags, connection, &status, run] {
    status = run_query(*connection, [&](LokiClient& client) -> Result<void> {
      const Progress progress(connection->quiet ? Progress::Show::kNever : Progress::Show::kOnTerminal);
      return run(client, *flags);
    });
  });
  return command;
}

}  // namespace

void add_query_labels(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      add(query, connection, status, flags, "labels", "Names of labels, or the values of one", run_labels);
  command->add_option("NAME", flags->argument, "A label whose values are wanted");
  command->add_option("--match", flags->matchers, "Only of streams that this selector selects")->expected(1);
  command->add_flag("--metrics", flags->metrics, "Of metrics, not of logs; `labels --metrics __name__`: their names");
}

void add_query_series(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = add(query, connection, status, flags, "series", "Streams, by their labels", run_series);
  command->add_option("SELECTOR", flags->argument, "Such as '{app=\"web\"}'; none: all streams");
  command->add_flag("--analyze-labels", flags->analyze, "Count the values of each label instead");
  command->add_flag("--metrics", flags->metrics, "Of metrics, not of logs");
}

void add_query_stats(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      add(query, connection, status, flags, "stats", "Streams, lines and bytes in a time range", run_stats);
  command->add_option("SELECTOR", flags->argument, "Such as '{app=\"web\"}'; none: all streams");
}

void add_query_volume(CLI::App& query, const std::shared_ptr<QueryConnection>& connection, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      add(query, connection, status, flags, "volume", "Bytes by labels, the greatest first", run_volume);
  command->add_option("SELECTOR", flags->argument, "Such as '{app=\"web\"}'; none: all streams");
  command->add_option("--limit", flags->limit, "Rows (default 30)");
  command->add_option("--target-labels,--targetLabels", flags->target_labels, "Labels to sum by")->delimiter(',');
  command->add_flag("--aggregate-by-labels,--aggregateByLabels", flags->by_label, "One row per label name");
  command->add_option("--step", flags->step, "Over time, with this distance");
  add_zone_flag(*command, flags->zone);
}

}  // namespace trilobite::cli
