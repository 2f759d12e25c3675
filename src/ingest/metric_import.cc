#include "ingest/metric_import.h"

#include <simdjson.h>

#include <bit>
#include <boost/unordered/unordered_flat_map.hpp>
#include <limits>

#include "ingest/exposition_lines.h"
#include "ingest/metric_importer.h"
#include "metrics/histogram_buckets.h"

namespace trilobite::ingest {
namespace {

namespace od = simdjson::ondemand;

struct KeyHash {
  using is_avalanching = void;
  std::size_t operator()(const Hash128& key) const { return key.low; }
};

// A number, null or one of "NaN", "Infinity", "-Infinity". Throws simdjson's errors.
double number_of(od::value value) {
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (value.type() != od::json_type::string) return value.get_double();
  const std::string_view text = value.get_string();
  if (text == "StaleNaN") return std::bit_cast<double>(kStaleBits);
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity" || text == "+Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity" || text == "-Inf") return -std::numeric_limits<double>::infinity();
  throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
}

// One line. simdjson's accessors throw; the caller catches.
struct JsonLine {
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<double> values;
  std::vector<std::int64_t> times, histogram_times;
  std::vector<std::string> histograms;  // as scripts write them
  bool whole_numbers = false;
  std::int64_t left_out = 0;

  Result<void> read(od::parser& parser, std::string& line) {
    labels.clear(), values.clear(), times.clear(), histogram_times.clear(), histograms.clear();
    whole_numbers = false;
    left_out = 0;
    line.reserve(line.size() + simdjson::SIMDJSON_PADDING);
    od::document document = parser.iterate(line.data(), line.size(), line.capacity());
    od::object object = document.get_object();
    for (od::field field : object) {
      const std::string_view name = field.unescaped_key();
      if (name == "metric") {
        od::object metric = field.value().get_object();
        for (od::field label : metric) {
          std::string key(label.unescaped_key().value());
          labels.emplace_back(std::move(key), std::string(std::string_view(label.value().get_string())));
        }
      } else if (name == "values") {
        od::array list = field.value().get_array();
        for (od::value value : list) values.push_back(number_of(value));
      } else if (name == "timestamps" || name == "histogram_timestamps") {
        std::vector<std::int64_t>& into = name == "timestamps" ? times : histogram_times;
        od::array list = field.value().get_array();
        for (od::value value : list) into.push_back(value.get_int64());
      } else if (name == "histograms") {
        od::array list = field.value().get_array();
        for (od::value value : list) histograms.emplace_back(std::string_view(value.get_string()));
      } else if (name == "whole_numbers") {
        whole_numbers = field.value().get_bool();
      } else if (name == "left_out") {
        left_out = field.value().get_int64();
      }
    }
    if (labels.empty()) return error(Code::kInvalid, "missing `metric` object");
    if (values.size() != times.size()) {
      return error(Code::kInvalid, "`timestamps` and `values` arrays must have the same length; got {} and {}",
                   times.size(), values.size());
    }
    if (histograms.size() != histogram_times.size()) {
      return error(Code::kInvalid,
                   "`histogram_timestamps` and `histograms` arrays must have the same length; got {} and {}",
                   histogram_times.size(), histograms.size());
    }
    return {};
  }
};

Result<void> import_line(Importer& importer, od::parser& parser, std::string& text, JsonLine& line) {
  try {
    TRY_VOID(line.read(parser, text));
  } catch (const simdjson::simdjson_error& failed) {
    return error(Code::kInvalid, "{}", simdjson::error_message(failed.error()));
  }
  std::vector<LabelSet::Pair> pairs(line.labels.begin(), line.labels.end());
  TRY(series, importer.series(pairs));
  const std::uint32_t index = importer.add_series(std::move(series));
  for (std::size_t i = 0; i < line.times.size(); ++i) {
    importer.push().add(index, time_of_ms(line.times[i]), line.values[i]);
  }
  for (std::size_t i = 0; i < line.histograms.size(); ++i) {
    auto histogram = metrics::parse_histogram_literal(line.histograms[i]);
    if (!histogram.ok()) return std::move(histogram).error().within("histogram {}", i + 1);
    histogram->whole_numbers = line.whole_numbers;
    TRY_VOID(metrics::accept_histogram(*histogram));
    importer.push().add(index, time_of_ms(line.histogram_times[i]), std::move(*histogram));
  }
  if (line.left_out > 0) return error(Code::kInvalid, "the export left {} histograms out", line.left_out);
  return {};
}

}  // namespace

Result<ImportOutcome> import_json_lines(std::string_view body, const ImportOptions& options, std::string_view tenant,
                                        MetricWriter& writer) {
  Importer importer(options, tenant, writer, body);
  od::parser parser;
  JsonLine line;
  std::string text;
  for (std::size_t number = 1; !body.empty(); ++number) {
    text.assign(take_line(body));
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (auto read = import_line(importer, parser, text, line); !read.ok()) {
      importer.fault(fmt::format("line {}: {}", number, read.error().message));
    }
    if (importer.full()) TRY_VOID(importer.write());
  }
  return importer.finish();
}

Result<ImportOutcome> import_exposition(std::string_view body, ExpositionFormat format, TimeNs now,
                                        const ImportOptions& options, std::string_view tenant, MetricWriter& writer) {
  Importer importer(options, tenant, writer, body);
  boost::unordered_flat_map<Hash128, MetricSeriesRef, KeyHash> known;
  boost::unordered_flat_map<const MetricSeries*, std::uint32_t> indices;  // in the push under way
  const auto reader = read_exposition(body, format);
  ExpositionSample sample;
  now -= now % 1'000'000;
  while (true) {
    const auto more = reader->next(sample);
    if (!more.ok()) importer.fault(more.error().message);
    if (!more.ok() || !*more) break;
    MetricSeriesRef& series = known[hash128(sample.key)];
    if (series == nullptr) {
      auto labels = reader->labels();
      if (!labels.ok()) {
        importer.fault(labels.error().message);
        continue;
      }
      std::vector<LabelSet::Pair> pairs;
      for (const auto pair : *labels) pairs.push_back(pair);
      auto made = importer.series(pairs);
      if (!made.ok()) {
        importer.fault(made.error().message);
        continue;
      }
      series = std::move(*made);
    }
    auto index = indices.find(series.get());
    if (index == indices.end()) index = indices.emplace(series.get(), importer.add_series(series)).first;
    const TimeNs time = sample.time.value_or(now);
    MetricPush& push = importer.push();
    for (const ExpositionExemplar& exemplar : sample.exemplars) {
      push.exemplars.push_back({index->second, exemplar.time.value_or(time), exemplar.value, exemplar.labels});
    }
    if (sample.histogram != nullptr) {
      push.add(index->second, time, *sample.histogram);
    } else {
      push.add(index->second, time, sample.value);
    }
    if (importer.full()) {
      TRY_VOID(importer.write());
      indices.clear();
    }
  }
  for (const ExpositionFamily& family : reader->families()) {
    importer.push().metadata.push_back({family.name, family.type, family.help, family.unit});
  }
  return importer.finish();
}

}  // namespace trilobite::ingest
