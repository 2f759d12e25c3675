#include "storage/sample_cursor.h"

#include <algorithm>
#include <numeric>

#include "storage/row_source.h"

namespace trilobite::storage {
namespace {

class RowCursor final : public SampleCursor {
 public:
  explicit RowCursor(const RowSource& source) : source_(source) {}

  Result<void> read(std::uint32_t series, TimeNs first, TimeNs last, SeriesSamples& out) override {
    for (std::size_t block = 0; block < source_.blocks(); ++block) {
      const BlockInfo info = source_.block(block);
      if (series < info.series_min || series > info.series_max || info.time_max < first || info.time_min > last)
        continue;
      TRY_VOID(load(block, info));
      TRY_VOID(copy(series, first, last, out));
    }
    return {};
  }

 private:
  Result<void> load(std::size_t block, const BlockInfo& info) {
    if (keys_ && block_ == block) return {};
    keys_.reset();
    TRY(keys, source_.keys(block));
    TRY(values, source_.column(block, *keys, kValueColumn));
    TRY(histograms, source_.column(block, *keys, kHistogramColumn));
    if (!std::holds_alternative<std::vector<double>>(values->values()) || values->size() != keys->rows())
      return error(Code::kCorrupt, "a block of samples has no values");
    values_ = std::move(values);
    histograms_ = std::move(histograms);
    keys_ = std::move(keys);
    block_ = block;
    ++costs_.blocks;
    costs_.bytes_compressed += info.bytes;
    costs_.bytes += keys_->bytes() + values_->size() * sizeof(double);
    return {};
  }

  Result<void> copy(std::uint32_t series, TimeNs first, TimeNs last, SeriesSamples& out) {
    const auto [begin, end] = keys_->range(series, first, last);
    const std::size_t before = out.times.size();
    const auto& values = std::get<std::vector<double>>(values_->values());
    const auto from = static_cast<std::ptrdiff_t>(begin), to = static_cast<std::ptrdiff_t>(end);
    out.times.insert(out.times.end(), keys_->times.begin() + from, keys_->times.begin() + to);
    out.values.insert(out.values.end(), values.begin() + from, values.begin() + to);
    StringColumn texts;
    bool any = false;
    for (std::size_t row = begin; row < end && histograms_->size() > 0; ++row) {
      texts.push_back(histograms_->text(row));
      any = any || !texts[row - begin].empty();
    }
    append_histograms(out, before, any ? texts : StringColumn(), 0);
    costs_.samples += end - begin;
    return {};
  }

  const RowSource& source_;
  std::size_t block_ = 0;
  BlockKeysRef keys_;
  ColumnRef values_, histograms_;
};

}  // namespace

std::unique_ptr<SampleCursor> read_samples_of_rows(const RowSource& source) {
  return std::make_unique<RowCursor>(source);
}

void append_histograms(SeriesSamples& out, std::size_t begin, const StringColumn& texts, std::size_t texts_begin) {
  const bool none_before = out.histograms.size() == 0;
  if (texts.size() == 0) {
    if (!none_before) out.histograms.ends.resize(out.times.size(), out.histograms.ends.back());
    return;
  }
  if (none_before) out.histograms.ends.assign(begin, 0);
  for (std::size_t i = begin; i < out.times.size(); ++i) out.histograms.push_back(texts[texts_begin + i - begin]);
}

void put_in_order(SeriesSamples& samples) {
  const std::vector<TimeNs>& times = samples.times;
  if (std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end()) return;
  std::vector<std::uint32_t> order(times.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return times[a] < times[b]; });
  SeriesSamples sorted;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + 1 < order.size() && times[order[i + 1]] == times[order[i]]) continue;
    sorted.times.push_back(times[order[i]]);
    sorted.values.push_back(samples.values[order[i]]);
    if (samples.histograms.size() > 0) sorted.histograms.push_back(samples.histograms[order[i]]);
  }
  samples.times = std::move(sorted.times);
  samples.values = std::move(sorted.values);
  samples.histograms = std::move(sorted.histograms);
}

}  // namespace trilobite::storage
