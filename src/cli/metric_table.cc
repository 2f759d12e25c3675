#include "cli/metric_table.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/json_writer.h"
#include "logs/text.h"

namespace trilobite::cli {
namespace {

// Characters, not bytes: a code point of UTF-8 counts once.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void append_cell(std::string& out, const std::string& text, std::size_t width, bool right) {
  const std::size_t blanks = width - std::min(width, width_of(text));
  if (right) out.append(blanks, ' ');
  out += text;
  if (!right) out.append(blanks, ' ');
}

std::string raw_text(const QueryAnswer& answer, const TimeStyle& time) {
  std::string out;
  for (const MetricSeries& series : answer.series) {
    const std::string labels = to_string(series.labels);
    for (const auto& sample : series.samples) {
      out += fmt::format("{}\t{}\t{}\n", format_time(sample.time, time), labels, sample.value);
    }
  }
  return out;
}

std::string json_text(const QueryAnswer& answer, const TimeStyle& time) {
  std::string out;
  for (const MetricSeries& series : answer.series) {
    for (const auto& sample : series.samples) {
      JsonWriter json(out);
      json.begin_object().key("metric").begin_object();
      for (const auto& [name, value] : series.labels) json.key(name).string(value);
      json.end_object().key("timestamp").string(format_time(sample.time, time));
      json.key("value").string(sample.value).end_object();
      out += '\n';
    }
  }
  return out;
}

// Labels of series, without those that all have alike.
Labels common_labels(const QueryAnswer& answer) {
  if (answer.series.size() < 2) return {};
  Labels common = answer.series.front().labels;
  for (const MetricSeries& series : answer.series) {
    Labels both;
    std::set_intersection(common.begin(), common.end(), series.labels.begin(), series.labels.end(),
                          std::back_inserter(both));
    common = std::move(both);
  }
  return common;
}

// A row per time, a column per series.
Table side_by_side(const QueryAnswer& answer, const TimeStyle& style) {
  const Labels common = common_labels(answer);
  Table table;
  table.head.emplace_back("TIME");
  table.right.push_back(false);
  std::map<TimeNs, std::vector<std::string>> rows;
  for (std::size_t i = 0; i < answer.series.size(); ++i) {
    const MetricSeries& series = answer.series[i];
    Labels own;
    std::set_difference(series.labels.begin(), series.labels.end(), common.begin(), common.end(),
                        std::back_inserter(own));
    table.head.push_back(own.empty() ? "VALUE" : to_string(own));
    table.right.push_back(true);
    for (const auto& sample : series.samples) {
      auto& row = rows[sample.time];
      row.resize(answer.series.size() + 1, "-");
      row[i + 1] = sample.value;
    }
  }
  for (auto& [time, row] : rows) {
    row[0] = format_time(time, style);
    table.rows.push_back(std::move(row));
  }
  return table;
}

// A row per sample, a column per label.
Table one_below_the_other(const QueryAnswer& answer, const TimeStyle& style, bool times) {
  std::set<std::string> names;
  for (const MetricSeries& series : answer.series) {
    for (const auto& [name, value] : series.labels) names.insert(name);
  }
  Table table;
  if (times) table.head.emplace_back("TIME");
  for (const std::string& name : names) table.head.push_back(name);
  table.head.emplace_back("VALUE");
  table.right.assign(table.head.size(), false);
  table.right.back() = true;
  for (const MetricSeries& series : answer.series) {
    for (const auto& sample : series.samples) {
      std::vector<std::string> row;
      if (times) row.push_back(format_time(sample.time, style));
      for (const std::string& name : names) {
        const auto found =
            std::find_if(series.labels.begin(), series.labels.end(), [&](const auto& l) { return l.first == name; });
        row.push_back(found == series.labels.end() ? "-" : terminal_safe(found->second));
      }
      row.push_back(sample.value);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace

std::size_t Table::width() const {
  std::size_t sum = 0;
  for (std::size_t column = 0; column < head.size(); ++column) {
    std::size_t widest = width_of(head[column]);
    for (const auto& row : rows) widest = std::max(widest, width_of(row[column]));
    sum += widest + 2;
  }
  return sum < 2 ? 0 : sum - 2;
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < head.size(); ++column) {
    std::size_t widest = width_of(head[column]);
    for (const auto& row : rows) widest = std::max(widest, width_of(row[column]));
    widths.push_back(widest);
  }
  std::string out;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (column > 0) line += "  ";
      append_cell(line, row[column], widths[column], right[column]);
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  };
  add(head);
  for (const auto& row : rows) add(row);
  return out;
}

std::string metric_text(const QueryAnswer& answer, const MetricTableOptions& options) {
  if (options.form == OutputForm::kRaw) return raw_text(answer, options.time);
  if (options.form == OutputForm::kJsonl) return json_text(answer, options.time);
  if (answer.series.empty()) return "";
  if (answer.kind != QueryAnswer::Kind::kMatrix) return one_below_the_other(answer, options.time, false).text();
  const Table wide = side_by_side(answer, options.time);
  if (wide.width() <= options.width_max) return wide.text();
  return one_below_the_other(answer, options.time, true).text();
}

}  // namespace trilobite::cli
