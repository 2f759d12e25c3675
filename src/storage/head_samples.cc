#include "storage/head_samples.h"

#include <algorithm>
#include <bit>
#include <mutex>

#include "storage/head_sample_source.h"

namespace trilobite::storage {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFFu;
// Of a chunk with what stands in front of its samples. The first of a series is small, because series that come and go
// stay short; larger ones than the last would leave more empty than they save.
constexpr std::size_t kChunkBytesMin = 64, kChunkBytesMax = 256;
// How many rows ahead memory is asked for.
constexpr std::size_t kAhead = 8;

}  // namespace

// Sets come one after the other in the order of their numbers.
std::uint32_t HeadSamples::number_of(const LabelSetRef& set, const Hash128& hash, std::uint32_t hint) {
  const SeriesNumbers::Place place = numbers_.take(hash, hint);
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
    if (chunk->is_newest(base_, time, value, text, series.state)) return false;
    series.in_order.store(false, std::memory_order_relaxed);
    if (time < series.time_min.load(std::memory_order_relaxed)) series.time_min.store(time, std::memory_order_relaxed);
  } else {
    if (rows == 0) series.time_min.store(time, std::memory_order_relaxed);
    series.time_max.store(time, std::memory_order_relaxed);
  }
  if (!text.empty()) series.text_bytes.fetch_add(static_cast<std::uint32_t>(text.size()), std::memory_order_relaxed);
  series.rows.store(rows + 1, std::memory_order_relaxed);
  if (chunk != nullptr && chunk->put(base_, time, value, text, series.state)) return true;
  const std::size_t bytes =
      chunk == nullptr ? kChunkBytesMin : std::min(kChunkBytesMax, 2 * (sizeof(SampleChunk) + chunk->capacity()));
  SampleChunk* next = SampleChunk::make(arena_, chunk, bytes - sizeof(SampleChunk),
                                        SampleChunk::kind_of(base_, time, text), text, series.state);
  CHECK(next->put(base_, time, value, text, series.state));
  series.last.store(next, std::memory_order_release);
  return true;
}

// By label set of the batch; kNone for those without a row.
std::vector<std::uint32_t> HeadSamples::numbers_of(const Batch& batch, std::span<const std::uint32_t> rows,
                                                   SeriesKeys keys) {
  std::vector<std::uint32_t> out(keys.size(), kNone);
  for (const std::uint32_t row : rows) {
    const std::uint32_t set = batch.label_set_of_row[row];
    if (out[set] != kNone) continue;
    if (!keys.hashes.empty()) {
      out[set] = number_of(batch.label_sets[set], keys.hashes[set], kNone);
      continue;
    }
    SeriesPlace& place = keys.named.empty() ? *keys.places[set] : keys.named[set]->place;
    const LabelSetRef& labels = keys.named.empty() ? batch.label_sets[set] : keys.named[set]->labels;
    out[set] = number_of(labels, place.hash, place.head_number);
    if (place.head_number != out[set]) place.head_number = out[set];
  }
  return out;
}

HeadTable::Stored HeadSamples::append(const Batch& batch, std::span<const std::uint32_t> rows, SeriesKeys keys) {
  CHECK(keys.size() == (keys.named.empty() ? batch.label_sets.size() : keys.named.size()));
  const auto& values = std::get<std::vector<double>>(batch.find(kValueColumn)->values());
  const Column* texts = batch.find(kHistogramColumn);
  const std::size_t arena_before = arena_.bytes(), index_before = index_.bytes(), series_before = numbers_.size();
  const std::vector<std::uint32_t> numbers = numbers_of(batch, rows, keys);
  Stored out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t row = rows[i], set = batch.label_set_of_row[row];
    // Most of the cost is the wait for memory that was touched a scrape ago: it is asked for ahead.
    if (i + kAhead < rows.size()) __builtin_prefetch(&at(numbers[batch.label_set_of_row[rows[i + kAhead]]]), 1);
    if (i + kAhead / 2 < rows.size()) {
      const Series& soon = at(numbers[batch.label_set_of_row[rows[i + kAhead / 2]]]);
      __builtin_prefetch(soon.last.load(std::memory_order_relaxed), 1);
    }
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
  out.base = base_;
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
    SampleChunk::Used used;
  };
  std::vector<Stretch> stretches;
  SampleChunk::Used used = view.used;
  for (const SampleChunk* chunk = view.last; chunk != nullptr; chunk = chunk->before()) {
    const TimeNs begin = view.in_order ? chunk->first_time(view.base) : first;
    if (begin <= last) stretches.push_back({chunk, used});
    if (chunk->before() != nullptr) used = chunk->before()->used();
    if (begin < first) break;
  }
  for (auto at = stretches.rbegin(); at != stretches.rend(); ++at) {
    at->chunk->read(at->used, view.base, first, last, out);
  }
}

}  // namespace trilobite::storage
