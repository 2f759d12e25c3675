#include "api/self_metrics.h"

#include <cmath>
#include <map>
#include <unordered_map>
#include <vector>

#include "base/json_writer.h"
#include "ingest/exposition.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

using ingest::ExpositionFamily;

struct Point {
  double place = 0;  // upper bound of a bucket, or quantile
  double value = 0;
};
struct Metric {
  LabelSet labels;  // without the name, `le` and `quantile`
  double value = 0, sum = 0, count = 0;
  std::vector<Point> points;
};
struct Family {
  ExpositionFamily about;
  std::vector<Metric> metrics;
  std::unordered_map<std::string, std::size_t> place_of;  // in `metrics`, by canonical bytes of the labels

  Metric& of(LabelSet labels) {
    const auto [place, fresh] = place_of.emplace(std::string(labels.bytes()), metrics.size());
    if (fresh) metrics.push_back({.labels = std::move(labels), .points = {}});
    return metrics[place->second];
  }
};

struct Sample {
  LabelSet labels;
  double value = 0;
};

using Families = std::map<std::string, Family, std::less<>>;  // sorted, as Prometheus gathers them

struct Page {
  std::vector<Sample> samples;
  Families families;  // without metrics
};

Result<Page> read_page(std::string_view text) {
  Page out;
  const auto reader = ingest::read_exposition(text, ingest::ExpositionFormat::kText);
  ingest::ExpositionSample sample;
  for (;;) {
    TRY(more, reader->next(sample));
    if (!more) break;
    TRY(labels, reader->labels());
    out.samples.push_back({std::move(labels), sample.value});
  }
  for (const ExpositionFamily& about : reader->families()) out.families[about.name].about = about;
  return out;
}

// That of its own name, or of a histogram or summary without what stands behind it.
Family& family_of(Families& families, std::string_view name, std::string_view& suffix) {
  suffix = {};
  if (const auto found = families.find(name); found != families.end()) return found->second;
  for (const std::string_view end : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(end)) continue;
    const auto found = families.find(name.substr(0, name.size() - end.size()));
    if (found == families.end()) break;
    suffix = end;
    return found->second;
  }
  Family& fresh = families[std::string(name)];
  fresh.about.name = name;
  return fresh;
}

void put(Family& family, std::string_view suffix, const Sample& sample) {
  std::vector<std::pair<std::string, std::string>> labels;
  std::optional<double> place;
  for (const auto& [name, value] : sample.labels) {
    if (name == "__name__") continue;
    if ((name == "le" && suffix == "_bucket") || (name == "quantile" && family.about.type == "summary")) {
      place = logql::parse_number(value);
    } else {
      labels.emplace_back(name, value);
    }
  }
  Metric& metric = family.of(LabelSet::from_pairs(std::move(labels)));
  if (place) {
    metric.points.push_back({*place, sample.value});
  } else if (suffix == "_sum") {
    metric.sum = sample.value;
  } else if (suffix == "_count") {
    metric.count = sample.value;
  } else {
    metric.value = sample.value;
  }
}

// Numbers that JSON has not are texts.
void write_double(JsonWriter& json, std::string_view key, double value) {
  json.key(key);
  if (std::isnan(value)) {
    json.string("NaN");
  } else if (std::isinf(value)) {
    json.string(value > 0 ? "Infinity" : "-Infinity");
  } else {
    json.number(value);
  }
}

// Whole numbers of 64 bits are texts as well.
void write_count(JsonWriter& json, std::string_view key, double value) {
  json.key(key).string(fmt::format("{:.0f}", value));
}

void write_points(JsonWriter& json, const Metric& metric, bool summary) {
  write_count(json, "sampleCount", metric.count);
  write_double(json, "sampleSum", metric.sum);
  json.key(summary ? "quantile" : "bucket").begin_array();
  for (const Point& point : metric.points) {
    json.begin_object();
    if (summary) {
      write_double(json, "quantile", point.place);
      write_double(json, "value", point.value);
    } else {
      write_count(json, "cumulativeCount", point.value);
      write_double(json, "upperBound", point.place);
    }
    json.end_object();
  }
  json.end_array();
}

struct Kind {
  std::string_view of_text, name, key;
};
constexpr Kind kKinds[] = {{"counter", "COUNTER", "counter"},
                           {"gauge", "GAUGE", "gauge"},
                           {"histogram", "HISTOGRAM", "histogram"},
                           {"summary", "SUMMARY", "summary"}};
constexpr Kind kOther{"", "UNTYPED", "untyped"};

const Kind& kind_of(std::string_view type) {
  for (const Kind& kind : kKinds) {
    if (kind.of_text == type) return kind;
  }
  return kOther;
}

void write_family(JsonWriter& json, const Family& family) {
  const Kind& kind = kind_of(family.about.type);
  json.begin_object().key("name").string(family.about.name).key("help").string(family.about.help);
  json.key("type").string(kind.name).key("metric").begin_array();
  for (const Metric& metric : family.metrics) {
    json.begin_object();
    if (!metric.labels.empty()) {
      json.key("label").begin_array();
      for (const auto& [name, value] : metric.labels) {
        json.begin_object().key("name").string(name).key("value").string(value).end_object();
      }
      json.end_array();
    }
    json.key(kind.key).begin_object();
    if (kind.key == "histogram" || kind.key == "summary") {
      write_points(json, metric, kind.key == "summary");
    } else {
      write_double(json, "value", metric.value);
    }
    json.end_object().end_object();
  }
  json.end_array().end_object();
}

}  // namespace

Result<std::string> self_metrics_json(std::string_view page, const std::optional<logql::Regex>& pattern) {
  Result<Page> read = read_page(page);
  if (!read.ok()) return error(Code::kInternal, "cannot read the page of our own metrics: {}", read.error().message);
  for (const Sample& sample : read->samples) {
    std::string_view suffix;
    Family& family = family_of(read->families, sample.labels.get("__name__"), suffix);
    put(family, suffix, sample);
  }
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const auto& [name, family] : read->families) {
    if (!family.metrics.empty() && (!pattern || pattern->matches(name))) write_family(json, family);
  }
  json.end_array();
  return out;
}

}  // namespace trilobite::api
