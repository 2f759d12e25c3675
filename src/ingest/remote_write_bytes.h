// Writes remote write messages, for tests.
#pragma once

#include <bit>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "ingest/histogram_wire.h"
#include "ingest/wire_reader.h"

namespace trilobite::ingest {

struct TestExemplar {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
  std::int64_t ms = 0;
};
struct TestSeries {
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::int64_t, double>> samples;  // ms, value
  std::vector<std::pair<std::int64_t, metrics::Histogram>> histograms;
  std::vector<TestExemplar> exemplars;
  std::string type, help;  // version 2 only: type counter or none
};

class WireWriter {
 public:
  std::string out;
  WireWriter& text(std::uint32_t number, std::string_view content) {
    ByteWriter writer(out);
    writer.varint(wire_tag(number, Wire::kBytes));
    writer.text(content);
    return *this;
  }
  WireWriter& integer(std::uint32_t number, std::uint64_t value) {
    ByteWriter writer(out);
    writer.varint(wire_tag(number, Wire::kVarint));
    writer.varint(value);
    return *this;
  }
  WireWriter& number(std::uint32_t field, double value) {
    ByteWriter writer(out);
    writer.varint(wire_tag(field, Wire::kFixed64));
    writer.fixed(std::bit_cast<std::uint64_t>(value));
    return *this;
  }
};

inline std::string write_request(const std::vector<TestSeries>& all, const std::string& metadata = {}) {
  WireWriter request;
  const auto label = [](const auto& pair) { return WireWriter().text(1, pair.first).text(2, pair.second).out; };
  for (const TestSeries& each : all) {
    WireWriter series;
    for (const auto& pair : each.labels) series.text(1, label(pair));
    for (const auto& [ms, value] : each.samples) {
      series.text(2, WireWriter().number(1, value).integer(2, static_cast<std::uint64_t>(ms)).out);
    }
    for (const TestExemplar& exemplar : each.exemplars) {
      WireWriter message;
      for (const auto& pair : exemplar.labels) message.text(1, label(pair));
      series.text(3, message.number(2, exemplar.value).integer(3, static_cast<std::uint64_t>(exemplar.ms)).out);
    }
    for (const auto& [ms, histogram] : each.histograms) {
      std::string message;
      append_wire_histogram(message, histogram, ms);
      series.text(4, message);
    }
    request.text(1, series.out);
  }
  if (!metadata.empty()) request.text(3, metadata);
  return request.out;
}

inline std::string write_request_2(const std::vector<TestSeries>& all) {
  std::vector<std::string> symbols{""};
  const auto symbol = [&](const std::string& text) -> std::uint64_t {
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      if (symbols[i] == text) return i;
    }
    symbols.push_back(text);
    return symbols.size() - 1;
  };
  const auto refs = [&](const auto& labels) {
    std::string packed;
    ByteWriter writer(packed);
    for (const auto& [name, value] : labels) {
      writer.varint(symbol(name));
      writer.varint(symbol(value));
    }
    return packed;
  };
  std::vector<std::string> messages;
  for (const TestSeries& each : all) {
    WireWriter series;
    series.text(1, refs(each.labels));
    for (const auto& [ms, value] : each.samples) {
      series.text(2, WireWriter().number(1, value).integer(2, static_cast<std::uint64_t>(ms)).out);
    }
    for (const auto& [ms, histogram] : each.histograms) {
      std::string message;
      append_wire_histogram(message, histogram, ms);
      series.text(3, message);
    }
    for (const TestExemplar& exemplar : each.exemplars) {
      series.text(4, WireWriter()
                         .text(1, refs(exemplar.labels))
                         .number(2, exemplar.value)
                         .integer(3, static_cast<std::uint64_t>(exemplar.ms))
                         .out);
    }
    if (!each.type.empty()) series.text(5, WireWriter().integer(1, 1).integer(3, symbol(each.help)).out);
    messages.push_back(series.out);
  }
  WireWriter request;
  for (const std::string& text : symbols) request.text(4, text);
  for (const std::string& message : messages) request.text(5, message);
  return request.out;
}

}  // namespace trilobite::ingest
