#include "storage/head_samples.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>

#include "storage/head_sample_source.h"

namespace trilobite::storage {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFFu;
// The first chunk of a series is small, because most series of a head that is written every few minutes stay short.
constexpr std::uint32_t kChunkSamplesMin = 4, kChunkSamplesMax = 16;

}  // namespace

// Sets come one after the other in the order of their numbers.
std::uint32_t HeadSamples::number_of(const LabelSetRef& set, const Hash128& hash) {
  const SeriesNumbers::Place place = numbers_.take(hash);
  if (!place.fresh) return place.number;
  if (place.number / kPageSeries == pages_.size()) {
    auto page = std::make_unique<Series[]>(kPageSeries);
    std::unique_lock lock(mutex_);
    pages_.push_back(std::move(page));
  }
  const std::uint32_t number = index_.add(set);
  CHECK(number == place.number);
  return number;
}

// False when it is the newest sample once more.
bool HeadSamples::put(Series& series, TimeNs time, double value, std::string_view text) {
  SampleChunk* chunk = series.last.load(std::memory_order_relaxed);
  const std::uint32_t rows = series.rows.load(std::memory_order_relaxed);
  const TimeNs time_max = series.time_max.load(std::memory_order_relaxed);
  if (rows > 0 && time <= time_max) {
    const std::uint32_t newest = chunk->used() - 1;
    const bool again = chunk->time_of(newest) == time &&
                       std::bit_cast<std::uint64_t>(chunk->values()[newest]) == std::bit_cast<std::uint64_t>(value) &&
                       (chunk->texts() == nullptr ? std::string_view() : chunk->texts()[newest]) == text;
    if (again) return false;
    series.in_order.store(false, std::memory_order_relaxed);
    if (time < series.time_min.load(std::memory_order_relaxed)) series.time_min.store(time, std::memory_order_relaxed);
  } else {
    if (rows == 0) series.time_min.store(time, std::memory_order_relaxed);
    series.time_max.store(time, std::memory_order_relaxed);
  }
  if (!text.empty()) {
    char* copy = arena_.take(text.size());
    std::memcpy(copy, text.data(), text.size());
    text = {copy, text.size()};
    series.text_bytes.fetch_add(static_cast<std::uint32_t>(text.size()), std::memory_order_relaxed);
  }
  series.rows.store(rows + 1, std::memory_order_relaxed);
  const SampleChunk::Needs needs = SampleChunk::needs_of(base_, time, text);
  if (chunk == nullptr || !chunk->has_room(needs)) {
    const std::uint32_t capacity =
        chunk == nullptr ? kChunkSamplesMin : std::min(kChunkSamplesMax, chunk->capacity() * 2);
    SampleChunk* next = SampleChunk::make(arena_, chunk, base_, capacity, needs);
    next->put(time, value, text);
    series.last.store(next, std::memory_order_release);
  } else {
    chunk->put(time, value, text);
  }
  return true;
}

HeadTable::Stored HeadSamples::append(const Batch& batch, std::span<const std::uint32_t> rows,
                                      std::span<const Hash128> label_hashes) {
  CHECK(label_hashes.size() == batch.label_sets.size());
  const auto& values = std::get<std::vector<double>>(batch.find(kValueColumn)->values());
  const Column* texts = batch.find(kHistogramColumn);
  std::vector<std::uint32_t> numbers(batch.label_sets.size(), kNone);
  const std::size_t arena_before = arena_.bytes(), index_before = index_.bytes(), series_before = numbers_.size();
  Stored out;
  for (const std::uint32_t row : rows) {
    const std::uint32_t set = batch.label_set_of_row[row];
    if (numbers[set] == kNone) numbers[set] = number_of(batch.label_sets[set], label_hashes[set]);
    const std::string_view text = texts == nullptr ? std::string_view() : texts->text(row);
    if (put(at(numbers[set]), batch.times[row], values[row], text)) ++out.rows;
  }
  out.series = numbers_.size() - series_before;
  out.bytes_of_series =
      index_.bytes() - index_before + out.series * (sizeof(Series) + SeriesNumbers::kBytesPerSeries);
  out.bytes = arena_.bytes() - arena_before + out.bytes_of_series;
  rows_ += out.rows;
  return out;
}

HeadSamples::View HeadSamples::view(std::uint32_t series) const {
  const Series* found = nullptr;
  {
    std::shared_lock lock(mutex_);
    if (series / kPageSeries >= pages_.size()) return {};
    found = &at(series);
  }
  View out;
  out.last = found->last.load(std::memory_order_acquire);
  if (out.last == nullptr) return out;
  out.used = out.last->used();
  out.in_order = found->in_order.load(std::memory_order_relaxed);
  out.stats.rows = found->rows.load(std::memory_order_relaxed);
  out.stats.bytes = found->text_bytes.load(std::memory_order_relaxed);
  out.stats.time_min = found->time_min.load(std::memory_order_relaxed);
  out.stats.time_max = found->time_max.load(std::memory_order_relaxed);
  return out;
}

std::vector<SeriesStats> HeadSamples::stats() const {
  std::vector<SeriesStats> out(index_.series());
  for (std::uint32_t series = 0; series < out.size(); ++series) out[series] = view(series).stats;
  return out;
}

std::shared_ptr<const RowSource> HeadSamples::source(const std::vector<LabelMatcher>& matchers,
                                                     TimeRange range) const {
  return HeadSampleSource::create(shared_from_this(), select_series(index_, matchers), range);
}

PartInput HeadSamples::sorted_rows() const {
  SeriesSet all;
  all.addRange(0, index_.series());
  return sorted_samples(HeadSampleSource::create(shared_from_this(), all, kAllTime));
}

void append_samples(const HeadSamples::View& view, TimeNs first, TimeNs last, SeriesSamples& out) {
  struct Stretch {
    const SampleChunk* chunk;
    std::uint32_t used;
  };
  std::vector<Stretch> stretches;
  std::uint32_t used = view.used;
  for (const SampleChunk* chunk = view.last; chunk != nullptr; chunk = chunk->before()) {
    stretches.push_back({chunk, used});
    if (chunk->before() != nullptr) used = chunk->before()->used();
    if (view.in_order && chunk->time_of(0) < first) break;
  }
  for (auto at = stretches.rbegin(); at != stretches.rend(); ++at) {
    const SampleChunk& chunk = *at->chunk;
    const std::size_t before = out.times.size();
    StringColumn texts;
    std::uint32_t begin = 0, end = at->used;
    if (view.in_order) {
      while (begin < end && chunk.time_of(begin) < first) ++begin;
      while (begin < end && chunk.time_of(end - 1) > last) --end;
    }
    for (std::uint32_t i = begin; i < end; ++i) {
      const TimeNs time = chunk.time_of(i);
      if (time < first || time > last) continue;
      out.times.push_back(time);
      out.values.push_back(chunk.values()[i]);
      if (chunk.texts() != nullptr) texts.push_back(chunk.texts()[i]);
    }
    if (out.times.size() > before) append_histograms(out, before, texts, 0);
  }
}

}  // namespace trilobite::storage
