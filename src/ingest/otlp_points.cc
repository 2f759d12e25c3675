#include "ingest/otlp_points.h"

#include <limits>

namespace trilobite::ingest {
namespace {

constexpr std::uint64_t kNoRecordedValue = 1;

TimeNs time_of(std::uint64_t nanoseconds) {
  return static_cast<TimeNs>(
      std::min<std::uint64_t>(nanoseconds, static_cast<std::uint64_t>(std::numeric_limits<TimeNs>::max()) / 2));
}

// Numbers of 64 bits, packed or one by one.
bool read_counts(WireReader& reader, std::vector<double>& out) {
  if ((reader.tag() & 7) == static_cast<std::uint32_t>(Wire::kFixed64)) {
    out.push_back(static_cast<double>(reader.fixed64()));
    return !reader.broken();
  }
  WireReader packed(reader.bytes());
  while (!packed.done()) out.push_back(static_cast<double>(packed.fixed64()));
  return !packed.broken() && !reader.broken();
}
bool read_varints(WireReader& reader, std::vector<double>& out) {
  if ((reader.tag() & 7) == static_cast<std::uint32_t>(Wire::kVarint)) {
    out.push_back(static_cast<double>(reader.varint()));
    return !reader.broken();
  }
  WireReader packed(reader.bytes());
  while (!packed.done()) out.push_back(static_cast<double>(packed.varint()));
  return !packed.broken() && !reader.broken();
}

// {1 offset, 2 counts}
bool read_buckets(std::string_view message, OtlpBuckets& out) {
  bool whole = true;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.tag() == wire_tag(1, Wire::kVarint)) {
      out.offset = static_cast<std::int32_t>(reader.zigzag_varint());
    } else if (reader.tag() == wire_tag(2, Wire::kBytes) || reader.tag() == wire_tag(2, Wire::kVarint)) {
      whole = read_varints(reader, out.counts) && whole;
    } else {
      reader.skip();
    }
  }
  return whole && !reader.broken();
}

bool read_quantile(std::string_view message, OtlpPoint& out) {
  std::pair<double, double> entry;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.tag() == wire_tag(1, Wire::kFixed64)) {
      entry.first = reader.number();
    } else if (reader.tag() == wire_tag(2, Wire::kFixed64)) {
      entry.second = reader.number();
    } else {
      reader.skip();
    }
  }
  out.quantiles.push_back(entry);
  return !reader.broken();
}

// {7 attributes, 3 time, 4 double, 6 integer, 5 exemplars, 8 flags}
bool number_field(WireReader& reader, OtlpPoint& out) {
  switch (reader.tag()) {
    case wire_tag(7, Wire::kBytes):
      out.attributes.push_back(reader.bytes());
      return true;
    case wire_tag(4, Wire::kFixed64):
      out.value = reader.number();
      return true;
    case wire_tag(6, Wire::kFixed64):
      out.value = static_cast<double>(static_cast<std::int64_t>(reader.fixed64()));
      return true;
    case wire_tag(5, Wire::kBytes):
      out.exemplars.push_back(reader.bytes());
      return true;
    case wire_tag(8, Wire::kVarint):
      out.no_value = (reader.varint() & kNoRecordedValue) != 0;
      return true;
    default:
      return false;
  }
}

// {9 attributes, 4 count, 5 sum, 6 counts, 7 bounds, 8 exemplars, 10 flags}
bool histogram_field(WireReader& reader, OtlpPoint& out, bool& whole) {
  switch (reader.tag()) {
    case wire_tag(9, Wire::kBytes):
      out.attributes.push_back(reader.bytes());
      return true;
    case wire_tag(4, Wire::kFixed64):
      out.count = static_cast<double>(reader.fixed64());
      return true;
    case wire_tag(5, Wire::kFixed64):
      out.sum = reader.number();
      return true;
    case wire_tag(6, Wire::kBytes):
    case wire_tag(6, Wire::kFixed64):
      whole = read_counts(reader, out.buckets) && whole;
      return true;
    case wire_tag(7, Wire::kBytes):
    case wire_tag(7, Wire::kFixed64):
      whole = read_wire_numbers(reader, out.bounds) && whole;
      return true;
    case wire_tag(8, Wire::kBytes):
      out.exemplars.push_back(reader.bytes());
      return true;
    case wire_tag(10, Wire::kVarint):
      out.no_value = (reader.varint() & kNoRecordedValue) != 0;
      return true;
    default:
      return false;
  }
}

// {1 attributes, 4 count, 5 sum, 6 scale, 7 zero count, 8 positive, 9 negative, 10 flags, 11 exemplars}
bool exponential_field(WireReader& reader, OtlpPoint& out, bool& whole) {
  switch (reader.tag()) {
    case wire_tag(1, Wire::kBytes):
      out.attributes.push_back(reader.bytes());
      return true;
    case wire_tag(4, Wire::kFixed64):
      out.count = static_cast<double>(reader.fixed64());
      return true;
    case wire_tag(5, Wire::kFixed64):
      out.sum = reader.number();
      return true;
    case wire_tag(6, Wire::kVarint):
      out.scale = static_cast<std::int32_t>(reader.zigzag_varint());
      return true;
    case wire_tag(7, Wire::kFixed64):
      out.zero_count = static_cast<double>(reader.fixed64());
      return true;
    case wire_tag(8, Wire::kBytes):
      whole = read_buckets(reader.bytes(), out.positive) && whole;
      return true;
    case wire_tag(9, Wire::kBytes):
      whole = read_buckets(reader.bytes(), out.negative) && whole;
      return true;
    case wire_tag(10, Wire::kVarint):
      out.no_value = (reader.varint() & kNoRecordedValue) != 0;
      return true;
    case wire_tag(11, Wire::kBytes):
      out.exemplars.push_back(reader.bytes());
      return true;
    default:
      return false;
  }
}

// {7 attributes, 4 count, 5 sum, 6 quantiles, 8 flags}
bool summary_field(WireReader& reader, OtlpPoint& out, bool& whole) {
  switch (reader.tag()) {
    case wire_tag(7, Wire::kBytes):
      out.attributes.push_back(reader.bytes());
      return true;
    case wire_tag(4, Wire::kFixed64):
      out.count = static_cast<double>(reader.fixed64());
      return true;
    case wire_tag(5, Wire::kFixed64):
      out.sum = reader.number();
      return true;
    case wire_tag(6, Wire::kBytes):
      whole = read_quantile(reader.bytes(), out) && whole;
      return true;
    case wire_tag(8, Wire::kVarint):
      out.no_value = (reader.varint() & kNoRecordedValue) != 0;
      return true;
    default:
      return false;
  }
}

std::string hex(std::string_view id) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  if (id.find_first_not_of('\0') == std::string_view::npos) return out;
  for (const char c : id) {
    out += kDigits[static_cast<std::uint8_t>(c) >> 4];
    out += kDigits[static_cast<std::uint8_t>(c) & 15];
  }
  return out;
}

}  // namespace

Result<OtlpPoints> read_otlp_points(std::string_view message) {
  OtlpPoints out;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case wire_tag(1, Wire::kBytes):
        out.messages.push_back(reader.bytes());
        break;
      case wire_tag(2, Wire::kVarint): {
        const std::uint64_t code = reader.varint();
        if (code <= 2) out.temporality = static_cast<OtlpTemporality>(code);
        break;
      }
      case wire_tag(3, Wire::kVarint):
        out.monotonic = reader.varint() != 0;
        break;
      default:
        reader.skip();
    }
  }
  if (reader.broken()) return broken_otlp();
  return out;
}

Result<void> read_otlp_point(std::string_view message, std::uint32_t field, OtlpPoint& out) {
  bool whole = true;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.tag() == wire_tag(3, Wire::kFixed64)) {
      out.time = time_of(reader.fixed64());
      continue;
    }
    if (reader.tag() == wire_tag(2, Wire::kFixed64)) {
      out.start = time_of(reader.fixed64());
      continue;
    }
    const bool known = field == 9    ? histogram_field(reader, out, whole)
                       : field == 10 ? exponential_field(reader, out, whole)
                       : field == 11 ? summary_field(reader, out, whole)
                                     : number_field(reader, out);
    if (!known) reader.skip();
  }
  return whole && !reader.broken() ? Result<void>() : Result<void>(broken_otlp());
}

Result<void> read_otlp_exemplar(std::string_view message, OtlpExemplar& out) {
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case wire_tag(2, Wire::kFixed64):
        out.time = time_of(reader.fixed64());
        break;
      case wire_tag(3, Wire::kFixed64):
        out.value = reader.number();
        break;
      case wire_tag(6, Wire::kFixed64):
        out.value = static_cast<double>(static_cast<std::int64_t>(reader.fixed64()));
        break;
      case wire_tag(4, Wire::kBytes):
        out.span_id = hex(reader.bytes());
        break;
      case wire_tag(5, Wire::kBytes):
        out.trace_id = hex(reader.bytes());
        break;
      case wire_tag(7, Wire::kBytes):
        out.attributes.push_back(reader.bytes());
        break;
      default:
        reader.skip();
    }
  }
  return reader.broken() ? Result<void>(broken_otlp()) : Result<void>();
}

std::size_t utf8_runes(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

}  // namespace trilobite::ingest
