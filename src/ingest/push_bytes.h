// Writes Loki's protobuf push requests, for tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace trilobite::ingest {

struct TestEntry {
  std::int64_t time_ns = 0;
  std::string line;
  std::vector<std::pair<std::string, std::string>> metadata;
};

inline void append_field(std::string& out, std::uint32_t number, std::string_view content) {
  ByteWriter writer(out);
  writer.varint(number << 3 | 2);
  writer.text(content);
}

inline std::string push_entry(const TestEntry& entry) {
  std::string time, out;
  ByteWriter times(time);
  times.varint(1 << 3);
  times.varint(static_cast<std::uint64_t>(entry.time_ns / 1'000'000'000));
  times.varint(2 << 3);
  times.varint(static_cast<std::uint64_t>(entry.time_ns % 1'000'000'000));
  append_field(out, 1, time);
  append_field(out, 2, entry.line);
  for (const auto& [name, value] : entry.metadata) {
    std::string pair;
    append_field(pair, 1, name);
    append_field(pair, 2, value);
    append_field(out, 3, pair);
  }
  return out;
}

inline std::string push_stream(std::string_view labels, const std::vector<TestEntry>& entries) {
  std::string stream, out;
  append_field(stream, 1, labels);
  for (const TestEntry& entry : entries) append_field(stream, 2, push_entry(entry));
  append_field(out, 1, stream);
  return out;
}

}  // namespace trilobite::ingest
