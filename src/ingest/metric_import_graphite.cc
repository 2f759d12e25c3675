// path[;tag=value...] value [time]: Graphite's plaintext protocol. The path is the name of the metric as it is.
#include <cmath>
#include <limits>
#include <optional>

#include "ingest/exposition_lines.h"
#include "ingest/metric_importer.h"

namespace trilobite::ingest {
namespace {

struct GraphiteLine {
  std::vector<LabelSet::Pair> labels;  // views of the line
  double value = 0;
  std::optional<double> seconds;  // none: now

  Result<void> read(std::string_view rest) {
    labels.clear(), seconds.reset();
    std::string_view series = take(rest);
    TRY_VOID(read_series(series));
    const std::string_view number = take(rest);
    if (number.empty()) return error(Code::kInvalid, "missing value");
    const auto parsed = parse_exposed_value(number);
    if (!parsed) return error(Code::kInvalid, "\"{}\" is no number", number.substr(0, 40));
    value = *parsed;
    const std::string_view time = take(rest);
    skip_blanks(rest);
    if (!rest.empty()) return error(Code::kInvalid, "unexpected \"{}\" behind the time", rest.substr(0, 40));
    if (time.empty() || time == "-1" || time == "N") return {};
    const auto at = parse_exposed_value(time);
    constexpr double kSecondsMax = 9'000'000'000;
    if (!at || !(std::fabs(*at) <= kSecondsMax)) return error(Code::kInvalid, "\"{}\" is no time", time.substr(0, 40));
    seconds = *at;
    return {};
  }

 private:
  // Up to the next blank.
  static std::string_view take(std::string_view& rest) {
    skip_blanks(rest);
    const std::size_t length = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view out = rest.substr(0, length);
    rest.remove_prefix(length);
    return out;
  }

  Result<void> read_series(std::string_view series) {
    const std::size_t end = std::min(series.find(';'), series.size());
    if (end == 0) return error(Code::kInvalid, "missing name");
    labels.emplace_back("__name__", series.substr(0, end));
    series.remove_prefix(end);
    while (!series.empty()) {
      series.remove_prefix(1);
      const std::size_t length = std::min(series.find(';'), series.size());
      const std::string_view tag = series.substr(0, length);
      const std::size_t equals = tag.find('=');
      if (equals == std::string_view::npos || equals == 0) return error(Code::kInvalid, "tag is not name=value");
      labels.emplace_back(tag.substr(0, equals), tag.substr(equals + 1));
      series.remove_prefix(length);
    }
    return {};
  }
};

}  // namespace

Result<ImportOutcome> import_graphite(std::string_view body, TimeNs now, const ImportOptions& options,
                                      std::string_view tenant, MetricWriter& writer) {
  Importer importer(options, tenant, writer, body);
  GraphiteLine line;
  constexpr std::int64_t kNsPerMs = 1'000'000;
  for (std::size_t number = 1; !body.empty(); ++number) {
    std::string_view text = take_line(body);
    if (text.ends_with('\r')) text.remove_suffix(1);
    skip_blanks(text);
    if (text.empty()) continue;
    const auto add = [&]() -> Result<void> {
      TRY_VOID(line.read(text));
      TRY(series, importer.series(line.labels));
      const TimeNs time =
          line.seconds ? static_cast<TimeNs>(std::llround(*line.seconds * 1000)) * kNsPerMs : now - now % kNsPerMs;
      importer.push().add(importer.add_series(std::move(series)), time, line.value);
      return {};
    };
    if (const Result<void> done = add(); !done.ok()) {
      importer.fault(fmt::format("line {}: {}", number, done.error().message));
    }
    if (importer.full()) TRY_VOID(importer.write());
  }
  return importer.finish();
}

}  // namespace trilobite::ingest
