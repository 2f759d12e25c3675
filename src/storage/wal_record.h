// What the WAL remembers of one append: who, when, which request, and the batch. Bytes: format.md.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"
#include "storage/wal_samples.h"

namespace trilobite::storage {

struct WalRecord {
  std::string tenant;
  Signal signal = Signal::kLogs;
  TimeNs accepted = 0;  // wall clock
  std::optional<Hash128> request;
  Batch batch;  // checked: it may go into a head
  // Of samples: how their series are told apart. Most records say it by names, and their batch has no label sets.
  std::vector<Hash128> hashes;
  std::vector<NamedSeries*> series;
  std::shared_ptr<void> owner;  // of the series
  SeriesKeys keys() const { return series.empty() ? SeriesKeys(hashes) : SeriesKeys(std::span(series)); }
};

// Compressed where that helps. Fails with kLimit when the batch is larger than a record may be.
Result<std::string> encode_record(std::string_view tenant, Signal signal, TimeNs accepted,
                                  const std::optional<Hash128>& request, const Batch& batch);
// A frame holds the records of one group commit, each with its length in front.
void append_record(std::string& frame, std::string_view record);

// A record of samples. What it says of series depends on the records before it, so it is made where they are in order.
struct SampleRecord {
  std::string front, rows;       // made ahead by prepare_samples()
  std::vector<Hash128> hashes;   // of the label sets, unless they have places
  std::span<SeriesPlace* const> places;
  std::size_t label_bytes = 0;   // of all of them
  SeriesKeys keys() const { return places.empty() ? SeriesKeys(hashes) : SeriesKeys(places); }
  std::size_t bytes() const { return front.size() + rows.size(); }
};
// Fails with kLimit as encode_record() does. REQUIRES: a valid batch of Signal::kMetrics; places, if there are any, for
// all of its label sets, alive until it is written.
Result<SampleRecord> prepare_samples(std::string_view tenant, TimeNs accepted, const std::optional<Hash128>& request,
                                     const Batch& batch, std::span<SeriesPlace* const> places = {});
std::string encode_samples(const SampleRecord& record, std::uint64_t epoch, WalSeriesNumbers& numbers,
                           const Batch& batch);

// Frames come in the order in which they were written; `names` is kept from one to the next. Errors: kCorrupt, and
// those of check_batch().
Result<std::vector<WalRecord>> decode_frame(std::string_view frame, WalSeriesNames& names);

}  // namespace trilobite::storage
