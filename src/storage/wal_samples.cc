#include "storage/wal_samples.h"

#include <bit>
#include <cstring>

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

Result<double> take_value(ByteReader& in) {
  TRY(count, in.fixed<std::uint8_t>());
  if (count > 8) return error(Code::kCorrupt, "value of {} bytes", count);
  TRY(raw, in.bytes(count));
  std::uint64_t bits = 0;
  std::memcpy(&bits, raw.data(), raw.size());
  return std::bit_cast<double>(count == 0 ? 0 : bits << (8 * (8 - count)));
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

const WalSeriesNames::Name* WalSeriesNames::find(std::uint64_t number) const {
  if (number < names_.size()) return &names_[static_cast<std::size_t>(number)];
  const auto found = scattered_.find(number);
  return found == scattered_.end() ? nullptr : &found->second;
}

const WalSeriesNames::Name* WalSeriesNames::learn(std::uint64_t number, Name name) {
  if (number > names_.size()) return &(scattered_[number] = std::move(name));
  if (number == names_.size()) names_.emplace_back();
  return &(names_[static_cast<std::size_t>(number)] = std::move(name));
}

Result<void> WalSeriesNames::take_sets(ByteReader& in, Batch& out, std::vector<Hash128>& hashes) {
  TRY(epoch, in.varint());
  if (epoch != epoch_) {
    names_.clear();
    scattered_.clear();
    epoch_ = epoch;
  }
  TRY(count, in.varint());
  if (count > in.left()) return error(Code::kCorrupt, "data ends too early");
  out.label_sets.reserve(static_cast<std::size_t>(count));
  hashes.clear();
  hashes.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(entry, in.varint());
    const Name* name = nullptr;
    if ((entry & 1) != 0) {
      TRY(bytes, in.text());
      TRY(set, LabelSet::from_bytes(std::string(bytes)));
      name = learn(entry >> 1, {std::make_shared<const LabelSet>(std::move(set)), hash128(bytes)});
    } else {
      name = find(entry >> 1);
    }
    if (name == nullptr) return error(Code::kCorrupt, "the record that names series {} is missing", entry >> 1);
    out.label_sets.push_back(name->set);
    hashes.push_back(name->hash);
  }
  return {};
}

Result<Batch> WalSeriesNames::take(ByteReader& in, std::vector<Hash128>& hashes) {
  Batch out;
  TRY_VOID(take_sets(in, out, hashes));
  TRY(rows, in.varint());
  TRY(flags, in.fixed<std::uint8_t>());
  if (rows > in.left()) return error(Code::kCorrupt, "data ends too early");
  const auto count = static_cast<std::size_t>(rows);
  for (std::size_t row = 0; row < count; ++row) {
    std::uint64_t set = row;
    if ((flags & kInOrder) == 0) {
      TRY(stored, in.varint());
      set = stored;
    }
    if (set >= out.label_sets.size()) return error(Code::kCorrupt, "label set {} of {}", set, out.label_sets.size());
    out.label_set_of_row.push_back(static_cast<std::uint32_t>(set));
  }
  const std::uint64_t unit = (flags & kMilliseconds) != 0 ? kMillisecond : 1;
  std::uint64_t time = 0;
  for (std::size_t row = 0; row < count; ++row) {
    TRY(step, in.varint());
    time += static_cast<std::uint64_t>(unzigzag(step)) * unit;
    out.times.push_back(static_cast<TimeNs>(time));
  }
  std::vector<double> values;
  values.reserve(count);
  for (std::size_t row = 0; row < count; ++row) {
    TRY(value, take_value(in));
    values.push_back(value);
  }
  out.columns.push_back({std::string(kValueColumn), Column(std::move(values))});
  if ((flags & kHasTexts) != 0) {
    StringColumn texts;
    for (std::size_t row = 0; row < count; ++row) {
      TRY(text, in.text());
      texts.push_back(text);
    }
    out.columns.push_back({std::string(kHistogramColumn), Column(std::move(texts))});
  }
  TRY_VOID(out.validate());
  return out;
}

}  // namespace trilobite::storage
