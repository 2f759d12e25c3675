// For the tests of this room: rows as plain structs, into and out of a store.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <compare>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "base/simulated_file_system.h"
#include "storage/embedded_store.h"

namespace trilobite::storage {

struct TestRow {
  std::string labels;  // "app=web,host=a"
  TimeNs time = 0;
  std::string line;
  std::string metadata;
  friend auto operator<=>(const TestRow&, const TestRow&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const TestRow& row) {
  return out << "{" << row.labels << "} " << row.time << " " << row.line << (row.metadata.empty() ? "" : " +metadata");
}

inline LabelSetRef make_labels(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string pair = text.substr(begin, end - begin);
    pairs.emplace_back(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    begin = end + 1;
  }
  return std::make_shared<LabelSet>(LabelSet::from_pairs(std::move(pairs)));
}

inline std::string print_labels(const LabelSet& set) {
  std::string out;
  for (const auto& [name, value] : set) out += (out.empty() ? "" : ",") + std::string(name) + "=" + std::string(value);
  return out;
}

inline Batch make_batch(const std::vector<TestRow>& rows) {
  Batch out;
  std::map<std::string, std::uint32_t> number_of;
  StringColumn lines;
  DictionaryColumn metadata;
  bool has_metadata = false;
  for (const TestRow& row : rows) {
    const auto [found, added] = number_of.try_emplace(row.labels, static_cast<std::uint32_t>(out.label_sets.size()));
    if (added) out.label_sets.push_back(make_labels(row.labels));
    out.label_set_of_row.push_back(found->second);
    out.times.push_back(row.time);
    lines.push_back(row.line);
    metadata.codes.push_back(static_cast<std::uint32_t>(metadata.dictionary.size()));
    metadata.dictionary.push_back(row.metadata);
    has_metadata = has_metadata || !row.metadata.empty();
  }
  out.columns.push_back({std::string(kLineColumn), Column(std::move(lines))});
  if (has_metadata) out.columns.push_back({std::string(kMetadataColumn), Column(std::move(metadata))});
  return out;
}

// A line as programs write them, so that parts store it split: JSON, logfmt and text with ids, numbers and the row's
// time. The same seed and time give the same line.
inline std::string make_log_line(std::uint64_t seed, TimeNs time) {
  const std::uint64_t mixed = (seed + 1) * 0x9E3779B97F4A7C15ull;
  const auto ms = static_cast<std::uint64_t>(time / 1'000'000) % 1000;
  switch (seed % 4) {
    case 0:
      return fmt::format(
          R"({{"time":"2026-01-15T00:00:00.{:03}Z","level":"{}","trace_id":"{:016x}{:016x}","msg":"worker {} of {}",)"
          R"("ms":{}}})",
          ms, seed % 3 == 0 ? "INFO" : "ERROR", mixed, mixed * 31, seed % 64, seed % 9, seed);
    case 1:
      return fmt::format("ts=2026-01-15T00:00:00.{:03}Z level=warn msg=\"retry {}\" user=u{}", ms, seed % 5,
                         seed % 99);
    case 2:
      return fmt::format("10.0.{}.{} - - \"GET /api/v{} HTTP/1.1\" 200 {}", seed % 256, mixed % 256, seed % 3, seed);
    default: return fmt::format("bbb line {} took {}.{:02} s\n", seed % 3, seed % 60, seed % 100);
  }
}

inline constexpr TimeRange kAlways{std::numeric_limits<TimeNs>::min(), std::numeric_limits<TimeNs>::max()};
inline constexpr TimeNs kTestTime = 1'768'435'200'000'000'000;  // 2026-01-15T00:00:00Z, the start of a window

inline ScanRequest make_scan(std::vector<Matcher> matchers = {}, TimeRange range = kAlways,
                             const std::string& tenant = "t") {
  ScanRequest out;
  out.tenant = tenant;
  out.range = range;
  out.matchers = std::move(matchers);
  out.columns = {std::string(kLineColumn), std::string(kMetadataColumn)};
  return out;
}

inline void add_rows(const Batch& batch, std::vector<TestRow>& out) {
  ASSERT_TRUE(batch.validate().ok());
  const Column* line = batch.find(kLineColumn);
  const Column* metadata = batch.find(kMetadataColumn);
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    out.push_back({print_labels(*batch.label_sets[batch.label_set_of_row[row]]), batch.times[row],
                   std::string(line->text(row)), metadata == nullptr ? "" : std::string(metadata->text(row))});
  }
}

// Every row of the scan, sorted.
inline std::vector<TestRow> read_rows(Store& store, ScanRequest request) {
  std::vector<TestRow> out;
  auto scan = store.scan(std::move(request));
  if (!scan.ok()) {
    ADD_FAILURE() << scan.error().message;
    return out;
  }
  for (;;) {
    auto batch = (*scan)->next();
    if (!batch.ok()) {
      ADD_FAILURE() << batch.error().message;
      return out;
    }
    if (!*batch) break;
    add_rows(**batch, out);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// A store on a simulated disk, driven by hand.
struct TestStore {
  SimulatedFileSystem files;
  ManualClock clock{kTestTime};
  StorageOptions options;
  std::unique_ptr<EmbeddedStore> store;

  TestStore() {
    options.directory = "data";
    options.background = false;
    options.reserve_bytes = 0;
  }
  Result<void> open() {
    store.reset();
    auto opened = EmbeddedStore::open({files, clock}, options);
    if (!opened.ok()) return std::move(opened).error();
    store = std::move(opened).value();
    return {};
  }
  Result<void> append(const std::vector<TestRow>& rows, std::optional<Hash128> request = {},
                      const std::string& tenant = "t") {
    return store->append(tenant, Signal::kLogs, make_batch(rows), {.request = request});
  }
};

// So that `<< more` can follow.
template <class T>
::testing::AssertionResult succeeded(const Result<T>& outcome) {
  if (outcome.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << outcome.error().message << " ";
}
#define ASSERT_OK(expression) ASSERT_TRUE(succeeded(expression))

}  // namespace trilobite::storage
