#include "api/exposition_writer.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "ingest/exposition_lines.h"
#include "ingest/histogram_wire.h"
#include "ingest/wire_reader.h"
#include "metrics/go_number.h"
#include "metrics/histogram_buckets.h"

namespace trilobite::api {
namespace {

using ingest::Wire;
using ingest::wire_tag;

constexpr int kUntyped = 3, kHistogram = 4, kGaugeHistogram = 5;  // MetricType

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool plain_name(std::string_view name, bool colons) {
  if (name.empty() || !(letter(name.front()) || (colons && name.front() == ':'))) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9') || (colons && c == ':'); });
}
std::string with_underscores(std::string_view name, bool colons) {
  std::string out(name);
  for (char& c : out) {
    if (!letter(c) && !(c >= '0' && c <= '9') && !(colons && c == ':')) c = '_';
  }
  if (!out.empty() && out.front() >= '0' && out.front() <= '9') out.insert(out.begin(), '_');
  return out;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    c == '\n' ? out += "\\n" : out += c;
  }
  out += '"';
}

void field(std::string& out, std::uint32_t number, std::string_view content) {
  ByteWriter writer(out);
  writer.varint(wire_tag(number, Wire::kBytes));
  writer.text(content);
}
void field(std::string& out, std::uint32_t number, double value) {
  ByteWriter writer(out);
  writer.varint(wire_tag(number, Wire::kFixed64));
  writer.fixed(std::bit_cast<std::uint64_t>(value));
}
void number_field(std::string& out, std::uint32_t number, std::uint64_t value) {
  ByteWriter writer(out);
  writer.varint(wire_tag(number, Wire::kVarint));
  writer.varint(value);
}

void write_side(std::string& out, std::uint32_t first, const std::vector<metrics::BucketSpan>& spans,
                const std::vector<double>& counts, bool whole) {
  for (const metrics::BucketSpan& span : spans) {
    std::string message;
    number_field(message, 1, zigzag(span.offset));
    number_field(message, 2, span.length);
    field(out, first, message);
  }
  double last = 0;
  for (const double count : counts) {
    if (whole) {
      number_field(out, first + 1, zigzag(ingest::whole_count(count) - ingest::whole_count(last)));
      last = count;
    } else {
      field(out, first + 2, count);
    }
  }
}

// Custom buckets have no native form here: they become classic ones.
std::string write_custom(const metrics::Histogram& h) {
  std::string out;
  field(out, 4, h.count);
  field(out, 2, h.sum);
  double total = 0;
  std::size_t next = 0;
  const auto buckets = metrics::buckets_ascending(h);
  for (const double bound : h.custom_bounds) {
    while (next < buckets.size() && buckets[next].upper <= bound) total += buckets[next++].count;
    std::string bucket;
    field(bucket, 2, bound);
    field(bucket, 4, total);
    field(out, 3, bucket);
  }
  return out;
}

std::string write_native(const metrics::Histogram& h) {
  std::string out;
  const bool whole = h.whole_numbers;
  if (whole) {
    number_field(out, 1, static_cast<std::uint64_t>(ingest::whole_count(h.count)));
  } else {
    field(out, 4, h.count);
  }
  field(out, 2, h.sum);
  number_field(out, 5, zigzag(h.schema));
  field(out, 6, h.zero_threshold);
  if (whole) {
    number_field(out, 7, static_cast<std::uint64_t>(ingest::whole_count(h.zero_count)));
  } else {
    field(out, 8, h.zero_count);
  }
  write_side(out, 9, h.negative_spans, h.negative, whole);
  write_side(out, 12, h.positive_spans, h.positive, whole);
  return out;
}

}  // namespace

WrittenAs choose_written_format(std::string_view accept) {
  WrittenAs best;
  double best_q = -1;
  while (!accept.empty()) {
    const std::size_t comma = std::min(accept.find(','), accept.size());
    std::string_view entry = accept.substr(0, comma);
    accept.remove_prefix(std::min(comma + 1, accept.size()));
    const std::string_view media = trimmed(entry.substr(0, entry.find(';')));
    double q = 1;
    bool utf8 = false, delimited = false;
    std::string_view version;
    while (entry.find(';') != std::string_view::npos) {
      entry.remove_prefix(entry.find(';') + 1);
      const std::string_view parameter = trimmed(entry.substr(0, entry.find(';')));
      if (parameter.starts_with("q=")) std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), q);
      if (parameter.starts_with("version=")) version = parameter.substr(8);
      utf8 = utf8 || parameter == "escaping=allow-utf-8";
      delimited = delimited || parameter == "encoding=delimited";
    }
    WrittenAs found;
    found.utf8_names = utf8;
    const std::string escaping = utf8 ? "; escaping=allow-utf-8" : "; escaping=underscores";
    if (media == "application/openmetrics-text" && (version.empty() || version == "0.0.1" || version == "1.0.0")) {
      found.format = WrittenFormat::kOpenMetrics;
      found.content_type = fmt::format("application/openmetrics-text; version={}; charset=utf-8{}",
                                       version.empty() ? "0.0.1" : version, escaping);
    } else if (media == "application/vnd.google.protobuf" && delimited) {
      found.format = WrittenFormat::kProtobuf;
      found.content_type =
          "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited" + escaping;
    } else if (media == "text/plain") {
      found.content_type = fmt::format("text/plain; version={}; charset=utf-8{}", utf8 ? "1.0.0" : "0.0.4", escaping);
    } else {
      continue;
    }
    if (q <= best_q) continue;
    best_q = q;
    best = std::move(found);
  }
  if (best_q <= 0) return {WrittenFormat::kText, false, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"};
  return best;
}

void ExpositionWriter::add(const WrittenSample& sample) {
  if (as_.format == WrittenFormat::kProtobuf) return add_protobuf(sample);
  if (sample.histogram == nullptr) add_text(sample);
}

void ExpositionWriter::add_text(const WrittenSample& sample) {
  const bool open_metrics = as_.format == WrittenFormat::kOpenMetrics;
  const bool quoted = as_.utf8_names && !plain_name(sample.name, true);
  const std::string name = as_.utf8_names ? sample.name : with_underscores(sample.name, true);
  if (sample.name != name_ || out_.empty()) {
    name_ = sample.name;
    out_ += "# TYPE ";
    quoted ? append_quoted(out_, name) : void(out_ += name);
    out_ += open_metrics ? " unknown\n" : " untyped\n";
  }
  if (!quoted) out_ += name;
  bool open = false;
  const auto next = [&] {
    out_ += open ? ',' : '{';
    open = true;
  };
  if (quoted) {
    next();
    append_quoted(out_, name);
  }
  for (const auto& [label, value] : sample.labels) {
    next();
    if (plain_name(label, false)) {
      out_ += label;
    } else if (as_.utf8_names) {
      append_quoted(out_, label);
    } else {
      out_ += with_underscores(label, false);
    }
    out_ += '=';
    append_quoted(out_, value);
  }
  if (open) out_ += '}';
  const std::int64_t ms = sample.time / 1'000'000;
  if (open_metrics) {
    out_ += fmt::format(" {} {}{}.{:03}\n", ingest::normal_number(sample.value), ms < 0 ? "-" : "", std::abs(ms) / 1000,
                        std::abs(ms) % 1000);
  } else {
    out_ += fmt::format(" {} {}\n", metrics::go_number(sample.value), ms);
  }
}

void ExpositionWriter::add_protobuf(const WrittenSample& sample) {
  const metrics::Histogram* h = sample.histogram;
  const int type = h == nullptr                                   ? kUntyped
                   : h->reset == metrics::CounterReset::kGauge    ? kGaugeHistogram
                                                                  : kHistogram;
  if (sample.name != name_ || type != family_type_) {
    end_family();
    name_ = sample.name;
    family_type_ = type;
  }
  std::string metric;
  for (const auto& [label, value] : sample.labels) {
    std::string pair;
    field(pair, 1, as_.utf8_names ? label : with_underscores(label, false));
    field(pair, 2, value);
    field(metric, 1, pair);
  }
  if (h == nullptr) {
    std::string untyped;
    field(untyped, 1, sample.value);
    field(metric, 5, untyped);
  } else {
    field(metric, 7, h->schema == metrics::kCustomBuckets ? write_custom(*h) : write_native(*h));
  }
  number_field(metric, 6, static_cast<std::uint64_t>(sample.time / 1'000'000));
  field(metrics_, 4, metric);
}

void ExpositionWriter::end_family() {
  if (metrics_.empty()) return;
  std::string family;
  field(family, 1, as_.utf8_names ? name_ : with_underscores(name_, true));
  number_field(family, 3, static_cast<std::uint64_t>(family_type_));
  family += metrics_;
  ByteWriter(out_).text(family);
  metrics_.clear();
}

std::string ExpositionWriter::finish() {
  end_family();
  if (as_.format == WrittenFormat::kOpenMetrics) out_ += "# EOF\n";
  return std::move(out_);
}

}  // namespace trilobite::api
