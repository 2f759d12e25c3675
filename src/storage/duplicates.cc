#include "storage/duplicates.h"

#include <algorithm>
#include <map>
#include <set>

#include "storage/column_builder.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

// One of our rows, as the other source would number it.
struct Probe {
  std::uint32_t other_series;
  TimeNs time;
  std::uint32_t row;
};

// By other source; in each by (series, time), because series keep their order from source to source.
std::map<std::uint32_t, std::vector<Probe>> find_probes(const SourcePlan& mine, const BlockKeys& keys,
                                                        WantedRows& wanted) {
  std::map<std::uint32_t, std::vector<Probe>> out;
  const std::uint32_t series_first = keys.runs.front().series, series_last = keys.runs.back().series;
  const auto before = [](const Overlap& a, std::uint32_t series) { return a.series < series; };
  for (auto at = std::lower_bound(mine.overlaps.begin(), mine.overlaps.end(), series_first, before);
       at != mine.overlaps.end() && at->series <= series_last; ++at) {
    const auto [begin, end] = keys.range(at->series, at->first, at->last);
    if (begin == end) continue;
    const std::vector<std::uint32_t>& rows = wanted.row_numbers();
    for (auto row = std::lower_bound(rows.begin(), rows.end(), begin); row != rows.end() && *row < end; ++row) {
      out[at->other_source].push_back({at->other_series, keys.times[*row], *row});
    }
  }
  return out;
}

bool may_hold(const BlockInfo& info, const Probe& probe) {
  return probe.other_series >= info.series_min && probe.other_series <= info.series_max &&
         probe.time >= info.time_min && probe.time <= info.time_max;
}

struct Candidate {
  std::size_t row, other_begin, other_end;
};

// Same series and time; whether the values are the same is a dearer question.
std::vector<Candidate> find_candidates(const std::vector<Probe>& probes, const BlockInfo& info,
                                       const BlockKeys& other) {
  std::vector<Candidate> out;
  for (const Probe& probe : probes) {
    if (!may_hold(info, probe)) continue;
    const auto [begin, end] = other.range(probe.other_series, probe.time, probe.time);
    if (begin < end) out.push_back({probe.row, begin, end});
  }
  return out;
}

}  // namespace

Result<void> drop_duplicates(const ScanPlan& plan, const SourcePlan& mine, std::span<const ColumnSchema> schema,
                             BlockReader& reader, WantedRows& rows, std::uint64_t& bytes) {
  if (mine.overlaps.empty() || rows.empty()) return {};
  TRY(keys, reader.keys());
  std::set<std::size_t> dropped;
  for (const auto& [number, probes] : find_probes(mine, *keys, rows)) {
    const std::shared_ptr<const RowSource>& source = plan.sources[number].source;
    const RowSource& other = *source;
    for (std::size_t block = 0; block < other.blocks(); ++block) {
      const BlockInfo info = other.block(block);
      if (std::none_of(probes.begin(), probes.end(), [&](const Probe& probe) { return may_hold(info, probe); }))
        continue;
      BlockReader other_reader(source, block);
      TRY(other_keys, other_reader.keys());
      const std::vector<Candidate> candidates = find_candidates(probes, info, *other_keys);
      if (!candidates.empty()) {
        TRY(my_columns, read_all_columns(reader, schema));
        TRY(other_columns, read_all_columns(other_reader, schema));
        std::set<Hash128> hashes;  // of the other's rows with the key of the candidate
        std::size_t hashed = other_keys->rows();
        for (const Candidate& candidate : candidates) {
          if (candidate.other_begin != hashed) {
            hashed = candidate.other_begin;
            hashes.clear();
            for (std::size_t row = candidate.other_begin; row < candidate.other_end; ++row)
              hashes.insert(hash_row(schema, other_columns, row));
          }
          if (hashes.contains(hash_row(schema, my_columns, candidate.row))) dropped.insert(candidate.row);
        }
      }
      bytes += other_reader.bytes();
    }
  }
  if (!dropped.empty())
    std::erase_if(rows.row_numbers(), [&](std::uint32_t row) { return dropped.contains(row); });
  return {};
}

}  // namespace trilobite::storage
