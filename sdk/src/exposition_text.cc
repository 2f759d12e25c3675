// The two text formats: 0.0.4 of Prometheus, and OpenMetrics 1.0.0.
#include <charconv>
#include <cmath>

#include "exposition_format.h"

namespace trilobite::instruments {
namespace {

void append_count(std::string& out, std::uint64_t count) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, count).ptr);
}

enum class Dialect : std::uint8_t { kPrometheus, kOpenMetrics };

class TextWriter {
 public:
  TextWriter(std::string& out, Dialect dialect) : out_(out), dialect_(dialect) {}

  void family(const GatheredFamily& family) {
    std::string_view name = family.name;
    std::string_view type = kind_name(family.kind);
    std::string counter_name;
    if (is_openmetrics() && family.kind == Kind::kCounter) {
      // A counter there is named without the _total of its samples. One that lacks it keeps its name instead of its
      // type.
      if (name.ends_with("_total") && name.size() > 6) {
        name.remove_suffix(6);
      } else {
        type = "unknown";
      }
    }
    out_ += "# HELP ";
    out_ += name;
    out_ += ' ';
    append_help(family.help);
    out_ += "\n# TYPE ";
    out_ += name;
    out_ += ' ';
    out_ += type;
    out_ += '\n';
    for (const Sample& sample : family.samples) this->sample(family, sample, type != "unknown");
  }

 private:
  bool is_openmetrics() const { return dialect_ == Dialect::kOpenMetrics; }

  void append_help(std::string_view help) {
    if (!is_openmetrics()) return append_help_escaped(out_, help);
    for (const char c : help) {
      if (c == '\n') {
        out_ += "\\n";
      } else {
        if (c == '\\' || c == '"') out_ += '\\';
        out_ += c;
      }
    }
  }

  void sample(const GatheredFamily& family, const Sample& sample, bool exemplars) {
    if (sample.histogram != nullptr) return histogram(family.name, *sample.series, *sample.histogram);
    if (sample.summary != nullptr) return summary(family.name, *sample.series, *sample.summary);
    name(family.name, "", *sample.series);
    append_sample_value(out_, sample.value);
    if (sample.exemplar != nullptr && exemplars) exemplar(*sample.exemplar);
    out_ += '\n';
  }

  void histogram(std::string_view family, const Series& series, const HistogramReading& reading) {
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < reading.counts.size(); ++i) {
      cumulative += reading.counts[i];
      const bool last = i + 1 == reading.counts.size();
      name_with(family, "_bucket", series, "le", last ? INFINITY : reading.layout->bounds[i]);
      append_count(out_, cumulative);
      if (i < reading.exemplars.size() && reading.exemplars[i]) exemplar(*reading.exemplars[i]);
      out_ += '\n';
    }
    sum_and_count(family, series, reading.sum, reading.count);
  }

  void summary(std::string_view family, const Series& series, const SummaryReading& summary) {
    for (std::size_t i = 0; i < summary.layout->quantiles.size(); ++i) {
      name_with(family, "", series, "quantile", summary.layout->quantiles[i]);
      append_sample_value(out_, summary.reading.values[i]);
      out_ += '\n';
    }
    sum_and_count(family, series, summary.reading.sum, summary.reading.count);
  }

  void sum_and_count(std::string_view family, const Series& series, double sum, std::uint64_t count) {
    name(family, "_sum", series);
    append_sample_value(out_, sum);
    out_ += '\n';
    name(family, "_count", series);
    append_count(out_, count);
    out_ += '\n';
  }

  void name(std::string_view family, std::string_view suffix, const Series& series) {
    out_ += family;
    out_ += suffix;
    if (!series.labels_text.empty()) {
      out_ += '{';
      out_ += series.labels_text;
      out_ += '}';
    }
    out_ += ' ';
  }

  void name_with(std::string_view family, std::string_view suffix, const Series& series, std::string_view label,
                 double value) {
    out_ += family;
    out_ += suffix;
    out_ += '{';
    out_ += series.labels_text;
    if (!series.labels_text.empty()) out_ += ',';
    out_ += label;
    out_ += "=\"";
    if (is_openmetrics()) {
      append_openmetrics_bound(out_, value);
    } else {
      append_sample_value(out_, value);
    }
    out_ += "\"} ";
  }

  void exemplar(const Exemplar& exemplar) {
    if (!is_openmetrics()) return;
    out_ += " # {trace_id=\"";
    out_ += exemplar.trace_id;
    out_ += "\",span_id=\"";
    out_ += exemplar.span_id;
    out_ += "\"} ";
    append_sample_value(out_, exemplar.value);
    char time[32];
    const auto end = std::to_chars(time, time + sizeof time, exemplar.time_ms / 1000);
    out_ += ' ';
    out_.append(time, end.ptr);
    const auto millis = static_cast<int>(exemplar.time_ms % 1000);
    out_ += '.';
    out_ += static_cast<char>('0' + millis / 100);
    out_ += static_cast<char>('0' + millis / 10 % 10);
    out_ += static_cast<char>('0' + millis % 10);
  }

  std::string& out_;
  Dialect dialect_;
};

// A guess that saves growing the text step by step.
std::size_t size_of(const Gathered& gathered) {
  std::size_t size = gathered.text.size() + 64;
  for (const GatheredFamily& family : gathered.families) {
    size += 2 * family.name.size() + family.help.size() + 32;
    for (const Sample& sample : family.samples) {
      const std::size_t line = family.name.size() + sample.series->labels_text.size() + 32;
      size += line * (sample.histogram != nullptr ? sample.histogram->counts.size() + 2 : 1);
    }
  }
  return size;
}

std::string written(const Gathered& gathered, Dialect dialect) {
  std::string out;
  out.reserve(size_of(gathered));
  TextWriter writer(out, dialect);
  for (const GatheredFamily& family : gathered.families) writer.family(family);
  return out;
}

}  // namespace

std::string to_text(const Gathered& gathered) {
  std::string out = written(gathered, Dialect::kPrometheus);
  out += gathered.text;
  return out;
}

std::string to_openmetrics(const Gathered& gathered) {
  std::string out = written(gathered, Dialect::kOpenMetrics);
  out += "# EOF\n";
  return out;
}

}  // namespace trilobite::instruments
