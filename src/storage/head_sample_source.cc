#include "storage/head_sample_source.h"

#include <algorithm>

#include "storage/limits.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

constexpr TimeNs kTimeMin = std::numeric_limits<TimeNs>::min(), kTimeMax = std::numeric_limits<TimeNs>::max();

class HeadCursor final : public SampleCursor {
 public:
  explicit HeadCursor(const HeadSampleSource& source) : source_(source) {}
  Result<void> read(std::uint32_t series, TimeNs first, TimeNs last, SeriesSamples& out) override {
    const std::size_t before = out.times.size();
    append_samples(source_.view(series), first, last, out);
    const std::size_t added = out.times.size() - before;
    costs_.samples += added;
    costs_.bytes += added * (sizeof(TimeNs) + sizeof(double));
    return {};
  }

 private:
  const HeadSampleSource& source_;
};

// Blocks as full as they may be; a series may go on in the next one.
class SampleBlocks final : public BlockStream {
 public:
  explicit SampleBlocks(std::shared_ptr<const HeadSampleSource> source) : source_(std::move(source)) {}

  Result<std::optional<Block>> next() override {
    Block out;
    std::vector<double> values;
    StringColumn texts;
    while (out.rows() < kBlockRowsMax && texts.bytes.size() < kBlockBytesMax && load()) {
      const std::size_t count = std::min(kBlockRowsMax - out.rows(), samples_.times.size() - at_);
      const auto from = static_cast<std::ptrdiff_t>(at_), to = static_cast<std::ptrdiff_t>(at_ + count);
      out.series.insert(out.series.end(), count, series_ - 1);
      out.times.insert(out.times.end(), samples_.times.begin() + from, samples_.times.begin() + to);
      values.insert(values.end(), samples_.values.begin() + from, samples_.values.begin() + to);
      if (samples_.histograms.size() > 0) {
        texts.ends.resize(out.rows() - count, static_cast<std::uint32_t>(texts.bytes.size()));
        for (std::size_t i = at_; i < at_ + count; ++i) texts.push_back(samples_.histograms[i]);
      }
      at_ += count;
    }
    if (out.rows() == 0) return std::optional<Block>();
    out.columns.push_back({std::string(kValueColumn), Column(std::move(values))});
    if (texts.size() > 0) {
      texts.ends.resize(out.rows(), static_cast<std::uint32_t>(texts.bytes.size()));
      out.columns.push_back({std::string(kHistogramColumn), Column(std::move(texts))});
    }
    return std::optional<Block>(std::move(out));
  }

 private:
  // False when there is nothing more.
  bool load() {
    while (at_ == samples_.times.size()) {
      if (!source_ || series_ == source_->series()) return false;
      source_->read_all(series_++, samples_);
      at_ = 0;
    }
    return true;
  }

  const std::shared_ptr<const HeadSampleSource> source_;
  std::uint32_t series_ = 0;  // the next
  SeriesSamples samples_;     // of the one before it
  std::size_t at_ = 0;
};

}  // namespace

std::shared_ptr<const HeadSampleSource> HeadSampleSource::create(std::shared_ptr<const HeadSamples> table,
                                                                 const SeriesSet& series, TimeRange range) {
  struct Found {
    LabelSetRef set;
    std::uint32_t number;
  };
  std::vector<Found> found;
  for (const std::uint32_t number : series) {
    const HeadSamples::View view = table->view(number);
    if (view.last == nullptr || !overlaps(view.stats.time_min, view.stats.time_max, range)) continue;
    found.push_back({table->index().label_set(number), number});
  }
  if (found.empty()) return nullptr;
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return *a.set < *b.set; });
  auto out = std::make_shared<HeadSampleSource>();
  out->sets_.reserve(found.size());
  out->views_.reserve(found.size());
  for (Found& one : found) {
    out->sets_.push_back(std::move(one.set));
    out->views_.push_back(table->view(one.number));
  }
  out->table_ = std::move(table);
  out->cut_blocks();
  return out;
}

void HeadSampleSource::cut_blocks() {
  for (std::uint32_t number = 0; number < series(); ++number) {
    const SeriesStats& own = views_[number].stats;
    if (infos_.empty() || infos_.back().rows + own.rows > kBlockRowsMax) {
      infos_.push_back({.rows = 0,
                        .series_min = number,
                        .series_max = number,
                        .time_min = own.time_min,
                        .time_max = own.time_max,
                        .bytes = 0,
                        .bytes_raw = 0});
    }
    BlockInfo& info = infos_.back();
    info.rows += static_cast<std::uint32_t>(own.rows);
    info.series_max = number;
    info.time_min = std::min(info.time_min, own.time_min);
    info.time_max = std::max(info.time_max, own.time_max);
  }
}

void HeadSampleSource::read_all(std::uint32_t series, SeriesSamples& out) const {
  out.labels = sets_[series];
  out.times.clear();
  out.values.clear();
  out.histograms = {};
  append_samples(views_[series], kTimeMin, kTimeMax, out);
  put_in_order(out);
}

Result<BlockKeysRef> HeadSampleSource::keys(std::size_t index) const {
  auto out = std::make_shared<BlockKeys>();
  SeriesSamples samples;
  for (std::uint32_t number = infos_[index].series_min; number <= infos_[index].series_max; ++number) {
    read_all(number, samples);
    const auto begin = static_cast<std::uint32_t>(out->times.size());
    out->times.insert(out->times.end(), samples.times.begin(), samples.times.end());
    out->runs.push_back({number, begin, static_cast<std::uint32_t>(out->times.size())});
  }
  return BlockKeysRef(std::move(out));
}

Result<ColumnRef> HeadSampleSource::column(std::size_t index, const BlockKeys&, std::string_view name) const {
  std::vector<double> values;
  StringColumn texts;
  SeriesSamples samples;
  std::size_t rows = 0;
  for (std::uint32_t number = infos_[index].series_min; number <= infos_[index].series_max; ++number) {
    read_all(number, samples);
    if (name == kValueColumn) {
      values.insert(values.end(), samples.values.begin(), samples.values.end());
    } else if (samples.histograms.size() > 0) {
      texts.ends.resize(rows, static_cast<std::uint32_t>(texts.bytes.size()));
      for (std::size_t i = 0; i < samples.histograms.size(); ++i) texts.push_back(samples.histograms[i]);
    }
    rows += samples.times.size();
  }
  if (name == kValueColumn) return std::make_shared<const Column>(std::move(values));
  if (texts.size() > 0) texts.ends.resize(rows, static_cast<std::uint32_t>(texts.bytes.size()));
  return std::make_shared<const Column>(std::move(texts));
}

std::unique_ptr<SampleCursor> HeadSampleSource::sample_cursor() const { return std::make_unique<HeadCursor>(*this); }

PartInput sorted_samples(std::shared_ptr<const HeadSampleSource> source) {
  PartInput out;
  if (source) out.sets = source->sets();
  out.blocks = std::make_unique<SampleBlocks>(std::move(source));
  return out;
}

}  // namespace trilobite::storage
