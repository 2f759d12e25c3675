// Samples in the WAL: a series is written with its labels once, then by number. Numbers are given anew in each epoch (a
// segment), and an epoch's records are only read after those that came before them.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "storage/series_numbers.h"
#include "storage/series_place.h"
#include "storage/store.h"

namespace trilobite::storage {

// hash128() of the bytes of the batch's label sets.
std::vector<Hash128> hash_label_sets(const Batch& batch);

// The part of a batch that does not depend on what was written before: rows, without the label sets they name. Any
// thread. REQUIRES: a valid batch of Signal::kMetrics.
std::string encode_sample_rows(const Batch& batch);

// What the writer of the WAL knows. One thread.
class WalSeriesNumbers {
 public:
  // The label sets of a batch: numbers, and labels of those that have no record in this epoch yet; true if any is such.
  bool put(std::uint64_t epoch, const Batch& batch, SeriesKeys keys, std::string& out);

 private:
  SeriesNumbers::Place take(SeriesKeys keys, std::size_t set);

  std::uint64_t epoch_ = 0;
  SeriesNumbers numbers_;
};

// What its reader knows. One thread.
class WalSeriesNames {
 public:
  // What put() and encode_sample_rows() wrote, one behind the other, to the end: a batch without label sets, whose rows
  // name `series` instead. Those live as long as what is returned with them, whatever is read later.
  struct Samples {
    Batch batch;
    std::vector<NamedSeries*> series;
    std::shared_ptr<void> owner;  // of the series
  };
  Result<Samples> take(ByteReader& in);

 private:
  // Of an epoch; addresses do not change. A number that is named anew gets another entry.
  using Series = std::deque<NamedSeries>;
  Result<void> take_sets(ByteReader& in, std::vector<NamedSeries*>& out);
  // Null when no record has named it.
  NamedSeries* find(std::uint64_t number) const;
  NamedSeries* learn(std::uint64_t number, LabelSet labels);

  std::uint64_t epoch_ = 0;
  std::shared_ptr<Series> series_ = std::make_shared<Series>();
  std::vector<NamedSeries*> by_number_;                         // as they are given
  std::unordered_map<std::uint64_t, NamedSeries*> scattered_;  // beyond a gap, which damage makes
};

}  // namespace trilobite::storage
