#include "storage/wal_samples.h"

#include <bit>
#include <cstring>
#include <numeric>

namespace trilobite::storage {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

enum Flags : std::uint8_t { kInOrder = 1, kMilliseconds = 2, kHasTexts = 4 };

std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// Row i has label set i: what senders of one sample for each series make.
bool sets_are_in_order(const Batch& batch) {
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    if (batch.label_set_of_row[row] != row) return false;
  }
  return true;
}

// Whole numbers have zeros at the low end of their bits, so the bytes that are not go out, behind their count.
void put_value(double value, ByteWriter& out) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const unsigned skipped = bits == 0 ? 8 : static_cast<unsigned>(std::countr_zero(bits)) / 8;
  const std::uint64_t rest = skipped == 8 ? 0 : bits >> (8 * skipped);
  out.fixed(static_cast<std::uint8_t>(8 - skipped));
  out.bytes({reinterpret_cast<const char*>(&rest), 8 - skipped});
}

Error ended() { return error(Code::kCorrupt, "data ends too early"); }

// The end of a record, read with as few questions as possible: a start reads millions of samples.
class RowReader {
 public:
  explicit RowReader(std::string_view in)
      : at_(reinterpret_cast<const std::uint8_t*>(in.data())), end_(at_ + in.size()) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool varint(std::uint64_t& value) {
    if (at_ == end_) return false;
    if (*at_ >= 0x80) return long_varint(value);
    value = *at_++;
    return true;
  }
  // See put_value().
  bool value(double& out) {
    if (at_ == end_ || *at_ > 8 || left() <= *at_) return false;
    const unsigned count = *at_++;
    std::uint64_t bits = 0;
    std::memcpy(&bits, at_, left() >= 8 ? 8 : count);
    at_ += count;
    out = std::bit_cast<double>(count == 0 ? 0 : bits << (8 * (8 - count)));
    return true;
  }
  bool text(std::string_view& out) {
    std::uint64_t length = 0;
    if (!varint(length) || length > left()) return false;
    out = {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(length)};
    at_ += length;
    return true;
  }

 private:
  bool long_varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const std::uint8_t byte = *at_++;
      if (shift == 63 && byte > 1) return false;
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  const std::uint8_t* at_;
  const std::uint8_t* const end_;
};

bool take_set_of_rows(RowReader& in, std::size_t sets, std::vector<std::uint32_t>& out) {
  for (std::uint32_t& entry : out) {
    std::uint64_t set = 0;
    if (!in.varint(set) || set >= sets) return false;
    entry = static_cast<std::uint32_t>(set);
  }
  return true;
}

bool take_times(RowReader& in, std::uint64_t unit, std::vector<TimeNs>& out) {
  std::uint64_t time = 0, step = 0;
  for (TimeNs& entry : out) {
    if (!in.varint(step)) return false;
    time += static_cast<std::uint64_t>(unzigzag(step)) * unit;
    entry = static_cast<TimeNs>(time);
  }
  return true;
}

bool take_values(RowReader& in, std::vector<double>& out) {
  for (double& entry : out) {
    if (!in.value(entry)) return false;
  }
  return true;
}

}  // namespace

std::vector<Hash128> hash_label_sets(const Batch& batch) {
  std::vector<Hash128> out;
  out.reserve(batch.label_sets.size());
  for (const LabelSetRef& set : batch.label_sets) out.push_back(hash128(set->bytes()));
  return out;
}

// rows := varint rows, u8 flags, [varint label set * rows], zigzag steps of times * rows, values * rows, [texts * rows]
std::string encode_sample_rows(const Batch& batch) {
  const auto& values = std::get<std::vector<double>>(batch.find(kValueColumn)->values());
  const Column* texts = batch.find(kHistogramColumn);
  bool any_text = false, milliseconds = true;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    any_text = any_text || (texts != nullptr && !texts->text(row).empty());
    milliseconds = milliseconds && batch.times[row] % kMillisecond == 0;
  }
  const bool in_order = sets_are_in_order(batch);
  std::string out;
  out.reserve(batch.rows() * 12 + 16);
  ByteWriter writer(out);
  writer.varint(batch.rows());
  writer.fixed(static_cast<std::uint8_t>((in_order ? kInOrder : 0) | (milliseconds ? kMilliseconds : 0) |
                                         (any_text ? kHasTexts : 0)));
  if (!in_order) {
    for (const std::uint32_t set : batch.label_set_of_row) writer.varint(set);
  }
  TimeNs before = 0;
  for (const TimeNs time : batch.times) {
    const std::int64_t step = minus(time, before);
    writer.varint(zigzag(milliseconds ? step / kMillisecond : step));
    before = time;
  }
  for (const double value : values) put_value(value, writer);
  for (std::size_t row = 0; any_text && row < batch.rows(); ++row) writer.text(texts->text(row));
  return out;
}

SeriesNumbers::Place WalSeriesNumbers::take(SeriesKeys keys, std::size_t set) {
  if (keys.places.empty()) return numbers_.take(keys.hashes[set]);
  SeriesPlace& known = *keys.places[set];
  const SeriesNumbers::Place place = numbers_.take(known.hash, known.wal_number);
  known.wal_number = place.number;
  return place;
}

// sets := varint epoch, varint n, n * (varint 2 * number + 1 if labels follow, [text labels])
bool WalSeriesNumbers::put(std::uint64_t epoch, const Batch& batch, SeriesKeys keys, std::string& out) {
  if (epoch != epoch_) {
    numbers_.clear();
    epoch_ = epoch;
  }
  bool any_fresh = false;
  ByteWriter writer(out);
  writer.varint(epoch);
  writer.varint(batch.label_sets.size());
  for (std::size_t i = 0; i < batch.label_sets.size(); ++i) {
    const SeriesNumbers::Place place = take(keys, i);
    writer.varint(std::uint64_t{place.number} << 1 | (place.fresh ? 1 : 0));
    if (!place.fresh) continue;
    writer.text(batch.label_sets[i]->bytes());
    any_fresh = true;
  }
  return any_fresh;
}

NamedSeries* WalSeriesNames::find(std::uint64_t number) const {
  if (number < by_number_.size()) return by_number_[static_cast<std::size_t>(number)];
  const auto found = scattered_.find(number);
  return found == scattered_.end() ? nullptr : found->second;
}

NamedSeries* WalSeriesNames::learn(std::uint64_t number, LabelSet labels) {
  NamedSeries* out = &series_->emplace_back(std::make_shared<const LabelSet>(std::move(labels)));
  if (number > by_number_.size()) return scattered_[number] = out;
  if (number == by_number_.size()) by_number_.push_back(nullptr);
  return by_number_[static_cast<std::size_t>(number)] = out;
}

Result<void> WalSeriesNames::take_sets(ByteReader& in, std::vector<NamedSeries*>& out) {
  TRY(epoch, in.varint());
  if (epoch != epoch_) {
    series_ = std::make_shared<Series>();
    by_number_.clear();
    scattered_.clear();
    epoch_ = epoch;
  }
  TRY(count, in.varint());
  if (count > in.left()) return ended();
  out.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(entry, in.varint());
    NamedSeries* series = nullptr;
    if ((entry & 1) != 0) {
      TRY(bytes, in.text());
      TRY(set, LabelSet::from_bytes(std::string(bytes)));
      series = learn(entry >> 1, std::move(set));
    } else {
      series = find(entry >> 1);
    }
    if (series == nullptr) return error(Code::kCorrupt, "the record that names series {} is missing", entry >> 1);
    out.push_back(series);
  }
  return {};
}

Result<WalSeriesNames::Samples> WalSeriesNames::take(ByteReader& in) {
  Samples out;
  TRY_VOID(take_sets(in, out.series));
  out.owner = series_;
  TRY(rows, in.varint());
  TRY(flags, in.fixed<std::uint8_t>());
  if (rows > in.left()) return ended();
  const auto count = static_cast<std::size_t>(rows);
  TRY(rest, in.bytes(in.left()));
  RowReader reader(rest);
  Batch& batch = out.batch;
  batch.label_set_of_row.resize(count);
  if ((flags & kInOrder) == 0) {
    if (!take_set_of_rows(reader, out.series.size(), batch.label_set_of_row)) return ended();
  } else if (count > out.series.size()) {
    return error(Code::kCorrupt, "{} rows of {} label sets", count, out.series.size());
  } else {
    std::iota(batch.label_set_of_row.begin(), batch.label_set_of_row.end(), 0u);
  }
  batch.times.resize(count);
  if (!take_times(reader, (flags & kMilliseconds) != 0 ? kMillisecond : 1, batch.times)) return ended();
  std::vector<double> values(count);
  if (!take_values(reader, values)) return ended();
  batch.columns.push_back({std::string(kValueColumn), Column(std::move(values))});
  if ((flags & kHasTexts) != 0) {
    StringColumn texts;
    for (std::size_t row = 0; row < count; ++row) {
      std::string_view text;
      if (!reader.text(text)) return ended();
      texts.push_back(text);
    }
    batch.columns.push_back({std::string(kHistogramColumn), Column(std::move(texts))});
  }
  if (reader.left() > 0) return error(Code::kCorrupt, "{} bytes behind the batch", reader.left());
  return out;
}

}  // namespace trilobite::storage
