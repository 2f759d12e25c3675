// Samples in the head, series by series, each as what changed since the one before it (sample_chunk.h): appending one
// of a known series is a look-up and a few bytes, reading one series touches no other. Samples are kept in order of
// arrival; whoever reads puts them in order of time, of two with one time the last.
#pragma once

#include <atomic>
#include <optional>
#include <shared_mutex>

#include "storage/head_table.h"
#include "storage/sample_chunk.h"
#include "storage/series_numbers.h"

namespace trilobite::storage {

class HeadSamples final : public HeadTable, public std::enable_shared_from_this<HeadSamples> {
 public:
  // `base` is where the window begins.
  explicit HeadSamples(TimeNs base) : base_(base) {}
  Stored append(const Batch& batch, std::span<const std::uint32_t> rows, SeriesKeys keys) override;
  const HeadIndex& index() const override { return index_; }
  std::vector<SeriesStats> stats() const override;
  std::uint64_t rows() const override { return rows_; }
  std::shared_ptr<const RowSource> source(const std::vector<LabelMatcher>& matchers, TimeRange range) const override;
  PartInput sorted_rows() const override;

  // A series at one moment: later samples are not seen through it.
  struct View {
    const SampleChunk* last = nullptr;  // null: none yet
    SampleChunk::Used used;             // of the last chunk
    TimeNs base = 0;                    // of all chunks
    bool in_order = true;
    SeriesStats stats;
  };
  View view(std::uint32_t series) const;
  // The number of the series whose label bytes have this hash. REQUIRES: nobody appends meanwhile.
  std::optional<std::uint32_t> find(const Hash128& hash) const { return numbers_.find(hash); }

 private:
  struct Series {
    std::atomic<SampleChunk*> last{nullptr};
    std::atomic<TimeNs> time_min{0}, time_max{0};
    std::atomic<std::uint32_t> rows{0}, text_bytes{0};
    std::atomic<bool> in_order{true};
    SampleState state;  // writer only
  };
  static constexpr std::size_t kPageSeries = 256;

  Series& at(std::uint32_t series) const { return pages_[series / kPageSeries][series % kPageSeries]; }
  std::uint32_t number_of(const LabelSetRef& set, const Hash128& hash, std::uint32_t hint);
  std::vector<std::uint32_t> numbers_of(const Batch& batch, std::span<const std::uint32_t> rows, SeriesKeys keys);
  bool put(Series& series, TimeNs time, double value, std::string_view text);

  const TimeNs base_;
  HeadIndex index_;
  std::atomic<std::uint64_t> rows_{0};
  mutable std::shared_mutex mutex_;               // guards pages_; the writer alone may read it without
  std::vector<std::unique_ptr<Series[]>> pages_;  // by series number

  // Writer only.
  SeriesNumbers numbers_;
  Arena arena_;
};

// Appends what a view has from `first` to `last`, both included, in order of arrival.
void append_samples(const HeadSamples::View& view, TimeNs first, TimeNs last, SeriesSamples& out);

}  // namespace trilobite::storage
