// Histogram{1 count_int, 2 count_float, 3 sum, 4 schema, 5 zero_threshold, 6 zero_count_int, 7 zero_count_float,
// 8 negative_spans{1 offset, 2 length}, 9 negative_deltas, 10 negative_counts, 11 12 13 the same for positive,
// 14 reset_hint, 15 timestamp, 16 custom_values}.
#include "ingest/histogram_wire.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "ingest/wire_reader.h"
#include "metrics/histogram_math.h"

namespace trilobite::ingest {
namespace {

constexpr std::int32_t kSchemaMax = 8, kSchemaFinest = 52;

void append_spans(ByteWriter& out, std::uint32_t number, const std::vector<metrics::BucketSpan>& spans) {
  for (const metrics::BucketSpan& span : spans) {
    std::string message;
    ByteWriter writer(message);
    writer.varint(wire_tag(1, Wire::kVarint));
    writer.varint(zigzag(span.offset));
    writer.varint(wire_tag(2, Wire::kVarint));
    writer.varint(span.length);
    out.varint(wire_tag(number, Wire::kBytes));
    out.text(message);
  }
}
void append_number(ByteWriter& out, std::uint32_t number, double value) {
  out.varint(wire_tag(number, Wire::kFixed64));
  out.fixed(std::bit_cast<std::uint64_t>(value));
}
void append_counts(ByteWriter& out, std::uint32_t number, const std::vector<double>& counts, bool deltas) {
  if (counts.empty()) return;
  std::string packed;
  ByteWriter writer(packed);
  double last = 0;
  for (const double count : counts) {
    if (deltas) {
      writer.varint(zigzag(whole_count(count) - whole_count(last)));
      last = count;
    } else {
      writer.fixed(std::bit_cast<std::uint64_t>(count));
    }
  }
  out.varint(wire_tag(number, Wire::kBytes));
  out.text(packed);
}

}  // namespace

std::int64_t whole_count(double count) {
  constexpr double kMax = 9.2e18;
  return count > 0 ? static_cast<std::int64_t>(std::min(count, kMax)) : 0;
}

bool read_wire_span(std::string_view message, std::vector<metrics::BucketSpan>& out) {
  metrics::BucketSpan span;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.tag() == wire_tag(1, Wire::kVarint)) {
      span.offset = static_cast<std::int32_t>(reader.zigzag_varint());
    } else if (reader.tag() == wire_tag(2, Wire::kVarint)) {
      span.length = static_cast<std::uint32_t>(reader.varint());
    } else {
      reader.skip();
    }
  }
  out.push_back(span);
  return !reader.broken();
}

bool read_wire_numbers(WireReader& reader, std::vector<double>& out) {
  if ((reader.tag() & 7) == static_cast<std::uint32_t>(Wire::kFixed64)) {
    out.push_back(reader.number());
    return !reader.broken();
  }
  WireReader packed(reader.bytes());
  while (!packed.done()) out.push_back(packed.number());
  return !packed.broken() && !reader.broken();
}

bool read_wire_deltas(WireReader& reader, std::vector<double>& out) {
  const auto add = [&](std::int64_t delta) {
    // Whole numbers of 2^53 and more may lose digits here, as they would in any query.
    out.push_back((out.empty() ? 0 : out.back()) + static_cast<double>(delta));
  };
  if ((reader.tag() & 7) == static_cast<std::uint32_t>(Wire::kVarint)) {
    add(reader.zigzag_varint());
    return !reader.broken();
  }
  WireReader packed(reader.bytes());
  while (!packed.done()) add(packed.zigzag_varint());
  return !packed.broken() && !reader.broken();
}

Result<void> finish_histogram(metrics::Histogram& histogram) {
  const std::int32_t schema = histogram.schema;
  if (schema <= kSchemaMax || schema > kSchemaFinest) return metrics::check_histogram(histogram);
  histogram.schema = kSchemaMax;  // the rules are the same
  auto checked = metrics::check_histogram(histogram);
  histogram.schema = schema;
  if (checked.ok()) metrics::reduce_resolution(histogram, kSchemaMax);
  return checked;
}

Result<WireHistogram> decode_wire_histogram(std::string_view message) {
  WireHistogram out;
  metrics::Histogram& h = out.histogram;
  bool whole = true;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case wire_tag(1, Wire::kVarint):
        h.whole_numbers = true;
        h.count = static_cast<double>(reader.varint());
        break;
      case wire_tag(2, Wire::kFixed64):
        h.whole_numbers = false;
        h.count = reader.number();
        break;
      case wire_tag(3, Wire::kFixed64):
        h.sum = reader.number();
        break;
      case wire_tag(4, Wire::kVarint):
        h.schema = static_cast<std::int32_t>(reader.zigzag_varint());
        break;
      case wire_tag(5, Wire::kFixed64):
        h.zero_threshold = reader.number();
        break;
      case wire_tag(6, Wire::kVarint):
        h.zero_count = static_cast<double>(reader.varint());
        break;
      case wire_tag(7, Wire::kFixed64):
        h.zero_count = reader.number();
        break;
      case wire_tag(8, Wire::kBytes):
        whole = read_wire_span(reader.bytes(), h.negative_spans) && whole;
        break;
      case wire_tag(9, Wire::kBytes):
      case wire_tag(9, Wire::kVarint):
        whole = read_wire_deltas(reader, h.negative) && whole;
        break;
      case wire_tag(10, Wire::kBytes):
      case wire_tag(10, Wire::kFixed64):
        whole = read_wire_numbers(reader, h.negative) && whole;
        break;
      case wire_tag(11, Wire::kBytes):
        whole = read_wire_span(reader.bytes(), h.positive_spans) && whole;
        break;
      case wire_tag(12, Wire::kBytes):
      case wire_tag(12, Wire::kVarint):
        whole = read_wire_deltas(reader, h.positive) && whole;
        break;
      case wire_tag(13, Wire::kBytes):
      case wire_tag(13, Wire::kFixed64):
        whole = read_wire_numbers(reader, h.positive) && whole;
        break;
      case wire_tag(14, Wire::kVarint):
        h.reset = static_cast<metrics::CounterReset>(reader.varint() & 3);
        break;
      case wire_tag(15, Wire::kVarint):
        out.time_ms = reader.signed_varint();
        break;
      case wire_tag(16, Wire::kBytes):
      case wire_tag(16, Wire::kFixed64):
        whole = read_wire_numbers(reader, h.custom_bounds) && whole;
        break;
      case wire_tag(17, Wire::kVarint):
        out.start_ms = reader.signed_varint();
        break;
      default:
        reader.skip();
    }
  }
  if (!whole || reader.broken()) return error(Code::kCorrupt, "histogram is no protobuf message");
  TRY_VOID(finish_histogram(h));
  return out;
}

void append_wire_histogram(std::string& out, const metrics::Histogram& histogram, std::int64_t time_ms) {
  ByteWriter writer(out);
  const bool whole = histogram.whole_numbers;
  if (whole) {
    writer.varint(wire_tag(1, Wire::kVarint));
    writer.varint(static_cast<std::uint64_t>(whole_count(histogram.count)));
  } else {
    append_number(writer, 2, histogram.count);
  }
  append_number(writer, 3, histogram.sum);
  writer.varint(wire_tag(4, Wire::kVarint));
  writer.varint(zigzag(histogram.schema));
  append_number(writer, 5, histogram.zero_threshold);
  if (whole) {
    writer.varint(wire_tag(6, Wire::kVarint));
    writer.varint(static_cast<std::uint64_t>(whole_count(histogram.zero_count)));
  } else {
    append_number(writer, 7, histogram.zero_count);
  }
  append_spans(writer, 8, histogram.negative_spans);
  append_counts(writer, whole ? 9 : 10, histogram.negative, whole);
  append_spans(writer, 11, histogram.positive_spans);
  append_counts(writer, whole ? 12 : 13, histogram.positive, whole);
  writer.varint(wire_tag(14, Wire::kVarint));
  writer.varint(static_cast<std::uint64_t>(histogram.reset));
  writer.varint(wire_tag(15, Wire::kVarint));
  writer.varint(static_cast<std::uint64_t>(time_ms));
  append_counts(writer, 16, histogram.custom_bounds, false);
}

}  // namespace trilobite::ingest
