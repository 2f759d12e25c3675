// measurement[,tag=value...] field=value[,field=value...] [time]. A backslash takes the meaning from a comma, blank or
// equals sign behind it; texts stand in double quotes.
#include <boost/unordered/unordered_flat_map.hpp>
#include <limits>
#include <optional>

#include "ingest/exposition_lines.h"
#include "ingest/metric_importer.h"

namespace trilobite::ingest {
namespace {

class InfluxLine {
 public:
  struct Field {
    std::string name;
    double value = 0;
  };
  std::string measurement;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<Field> fields;
  std::optional<std::int64_t> time;

  Result<void> read(std::string_view line) {
    rest_ = line;
    tags.clear(), fields.clear(), time.reset();
    measurement = take(", ");
    if (measurement.empty()) return error(Code::kInvalid, "missing measurement");
    while (starts(',')) {
      std::string name = take("=, ");
      if (name.empty() || !starts('=')) return error(Code::kInvalid, "tag is not name=value");
      std::string value = take(", ");
      tags.emplace_back(std::move(name), std::move(value));
    }
    if (!starts(' ')) return error(Code::kInvalid, "missing fields");
    skip_blanks(rest_);
    do {
      TRY_VOID(field());
    } while (starts(','));
    skip_blanks(rest_);
    if (rest_.empty()) return {};
    time = parse_exposed_integer(rest_);
    if (!time) return error(Code::kInvalid, "\"{}\" is no time", rest_.substr(0, 40));
    return {};
  }

 private:
  bool starts(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Up to one of `ends` that no backslash stands before.
  std::string take(std::string_view ends) {
    std::string out;
    while (!rest_.empty() && ends.find(rest_.front()) == std::string_view::npos) {
      if (rest_.front() == '\\' && rest_.size() > 1 && std::string_view(",= ").find(rest_[1]) != std::string_view::npos) {
        rest_.remove_prefix(1);
      }
      out += rest_.front();
      rest_.remove_prefix(1);
    }
    return out;
  }

  Result<void> field() {
    std::string name = take("=, ");
    if (name.empty() || !starts('=')) return error(Code::kInvalid, "field is not name=value");
    if (!rest_.empty() && rest_.front() == '"') return skip_text();
    const std::string text = take(", ");
    TRY(value, number(text));
    fields.push_back({std::move(name), value});
    return {};
  }
  Result<void> skip_text() {
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] == '\\') {
        ++at;
      } else if (rest_[at] == '"') {
        rest_.remove_prefix(at + 1);
        return {};
      }
    }
    return error(Code::kInvalid, "text without its closing quote");
  }
  static Result<double> number(std::string_view text) {
    if (text == "t" || text == "T" || text == "true" || text == "True" || text == "TRUE") return 1.0;
    if (text == "f" || text == "F" || text == "false" || text == "False" || text == "FALSE") return 0.0;
    std::string_view digits = text;
    if (digits.size() > 1 && (digits.back() == 'i' || digits.back() == 'u')) digits.remove_suffix(1);
    const auto value = parse_exposed_value(digits);
    if (!value) return error(Code::kInvalid, "\"{}\" is no number", text.substr(0, 40));
    return *value;
  }

  std::string_view rest_;
};

Result<void> add_line(Importer& importer, const InfluxLine& line, TimeNs time) {
  for (const InfluxLine::Field& field : line.fields) {
    const std::string name = line.measurement + "_" + field.name;
    std::vector<LabelSet::Pair> pairs(line.tags.begin(), line.tags.end());
    pairs.emplace_back(kNameLabel, name);
    TRY(series, importer.series(pairs));
    importer.push().add(importer.add_series(std::move(series)), time, field.value);
  }
  return {};
}

}  // namespace

Result<ImportOutcome> import_influx(std::string_view body, TimeNs unit_ns, TimeNs now, const ImportOptions& options,
                                    std::string_view tenant, MetricWriter& writer) {
  Importer importer(options, tenant, writer, body);
  InfluxLine line;
  constexpr std::int64_t kNsPerMs = 1'000'000;
  const std::int64_t time_max = std::numeric_limits<TimeNs>::max() / unit_ns;
  for (std::size_t number = 1; !body.empty(); ++number) {
    std::string_view text = take_line(body);
    if (text.ends_with('\r')) text.remove_suffix(1);
    skip_blanks(text);
    if (text.empty() || text.front() == '#') continue;
    auto done = line.read(text);
    if (done.ok() && line.time && (*line.time > time_max || *line.time < -time_max)) {
      done = error(Code::kInvalid, "time {} is out of range", *line.time);
    }
    if (done.ok()) {
      const TimeNs time = line.time ? *line.time * unit_ns : now;
      done = add_line(importer, line, time - time % kNsPerMs);
    }
    if (!done.ok()) importer.fault(fmt::format("line {}: {}", number, done.error().message));
    if (importer.full()) TRY_VOID(importer.write());
  }
  return importer.finish();
}

}  // namespace trilobite::ingest
