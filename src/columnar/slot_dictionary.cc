// kDictionary: the distinct texts in the order of first use, and a code for each value.
#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash.h"
#include "columnar/frame.h"
#include "columnar/int_packing.h"
#include "columnar/int_stream.h"
#include "columnar/line_slots.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kSampleValues = 1024;

class DictionarySlot final : public SlotReader {
 public:
  DictionarySlot(TreeReader& tree, SlotPlace place, const ByteSet& possible, std::size_t entries,
                 std::size_t entries_stream, std::size_t codes_stream)
      : SlotReader(SlotKind::kDictionary, tree.state, place),
        entry_count_(entries),
        entries_stream_(entries_stream),
        codes_stream_(codes_stream) {
    possible_ = possible;
  }

  Result<const DictionaryColumn*> dictionary() const override {
    return column_.get([&] { return read_column(); });
  }
  Result<void> append(std::size_t position, std::string& out) const override {
    if (const DictionaryColumn* column = column_.ready()) {
      out += (*column)[position];
      return {};
    }
    TRY(packed, packed_.get([&] { return open_packed(); }));
    if (!packed->codes.random_access()) {
      TRY(column, dictionary());
      out += (*column)[position];
      return {};
    }
    TRY(entries, entries_.get([&] { return read_entries(); }));
    TRY(code, packed->codes.at(position));
    if (code < 0 || static_cast<std::uint64_t>(code) >= entry_count_) return bad_code(code);
    out += (*entries)[static_cast<std::size_t>(code)];
    return {};
  }

  Result<void> load() const override {
    TRY_VOID(dictionary());
    return {};
  }
  std::size_t bytes_longest() const override {
    const StringColumn& entries = column_.ready()->dictionary;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) longest = std::max(longest, entries[i].size());
    return longest;
  }
  char* render(std::size_t position, char* out) const override {
    const std::string_view text = (*column_.ready())[position];
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
  }

 private:
  struct Packed {
    StreamBytes stream;
    IntStream codes;
  };

  Error bad_code(std::int64_t code) const {
    return error(Code::kCorrupt, "code {} of a dictionary of {} entries", code, entry_count_);
  }
  Result<Packed> open_packed() const {
    TRY(stream, state_.read(codes_stream_));
    TRY(codes, IntStream::open(stream.bytes, size()));
    return Packed{std::move(stream), codes};
  }
  Result<StringColumn> read_entries() const {
    TRY(stream, state_.read(entries_stream_));
    ByteReader in(stream.bytes);
    StringColumn out;
    TRY(ends, unpack_lengths(in, entry_count_, state_.shape.bytes_max));
    out.ends = std::move(ends);
    std::string scratch;
    TRY(text, read_frame(in, state_.shape.bytes_max, scratch));
    if (text.size() != out.ends.back() || !in.done())
      return error(Code::kCorrupt, "{} bytes of a dictionary do not fit its lengths", text.size());
    out.bytes = text;
    state_.bytes += out.bytes.size() + out.ends.size() * sizeof(std::uint32_t);
    return out;
  }
  Result<DictionaryColumn> read_column() const {
    TRY(entries, entries_.get([&] { return read_entries(); }));
    TRY(packed, packed_.get([&] { return open_packed(); }));
    std::vector<std::int64_t> codes(size());
    TRY_VOID(packed->codes.read(codes));
    DictionaryColumn out;
    out.dictionary = *entries;
    out.codes.resize(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (static_cast<std::uint64_t>(codes[i]) >= entry_count_) return bad_code(codes[i]);
      out.codes[i] = static_cast<std::uint32_t>(codes[i]);
    }
    state_.bytes += out.codes.size() * sizeof(std::uint32_t) + out.dictionary.bytes.size();
    return out;
  }

  std::size_t entry_count_, entries_stream_, codes_stream_;
  Lazy<StringColumn> entries_;
  Lazy<Packed> packed_;
  Lazy<DictionaryColumn> column_;
};

// Texts to numbers, in the order of first use. Open addressing with the hash's upper half kept, since most looks end at
// the first place.
class TextTable {
 public:
  explicit TextTable(std::size_t entries_max) : slots_(std::bit_ceil(entries_max * 2 + 16)) {}

  // The number of `text`; size() grows by one when it is new.
  std::uint32_t code_of(std::string_view text) {
    const std::uint64_t hash = hash64(text);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      Place& place = slots_[at];
      if (place.number == 0) {
        entries_.push_back(text);
        place = {static_cast<std::uint32_t>(entries_.size()), static_cast<std::uint32_t>(hash >> 32)};
        return place.number - 1;
      }
      if (place.hash == static_cast<std::uint32_t>(hash >> 32) && entries_[place.number - 1] == text)
        return place.number - 1;
    }
  }
  const std::vector<std::string_view>& entries() const { return entries_; }

 private:
  struct Place {
    std::uint32_t number = 0, hash = 0;  // number of the entry + 1; 0: free
  };
  std::vector<Place> slots_;
  std::vector<std::string_view> entries_;
};

// Values in steps over the whole column, so that a column sorted by stream is seen as it is.
bool sample_is_repetitive(const SlotValues& values, std::size_t entries_max) {
  if (values.size() < 2 * kSampleValues) return true;
  TextTable table(kSampleValues);
  const std::size_t step = values.size() / kSampleValues;
  for (std::size_t i = 0; i < kSampleValues; ++i) (void)table.code_of(values[i * step]);
  return table.entries().size() <= std::min(entries_max, kSampleValues / 2);
}

}  // namespace

bool encode_dictionary(const SlotValues& values, std::size_t entries_max, LinesWriter& writer) {
  if (!sample_is_repetitive(values, entries_max)) return false;
  TextTable table(entries_max + 1);
  std::vector<std::int64_t>& codes = writer.numbers;
  codes.resize(values.size());
  std::string_view before;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    values.prefetch(i);
    const std::string_view value = values[i];
    if (i > 0 && value == before) {
      codes[i] = codes[i - 1];
      continue;
    }
    before = value;
    codes[i] = table.code_of(value);
    if (table.entries().size() > entries_max) return false;
  }
  ByteSet possible{};
  std::string bytes;
  std::vector<std::int64_t> lengths;
  for (const std::string_view entry : table.entries()) {
    add_bytes(possible, entry);
    bytes += entry;
    lengths.push_back(static_cast<std::int64_t>(entry.size()));
  }
  std::string entries;
  pack_ints(lengths, entries);
  append_frame(bytes, writer.zstd_level, entries);
  ByteWriter out(writer.tree);
  out.fixed(static_cast<std::uint8_t>(SlotKind::kDictionary));
  out.varint(lengths.size());
  write_byte_set(possible, writer.tree);
  writer.pages.add(std::move(entries));
  writer.pages.add(encode_int_stream(codes));
  return true;
}

Result<std::unique_ptr<SlotReader>> read_dictionary(TreeReader& tree, SlotPlace place) {
  TRY(entries, tree.in.varint());
  if (entries == 0 || entries > place.rows)
    return error(Code::kCorrupt, "a dictionary of {} entries for {} values", entries, place.rows);
  TRY(possible, read_byte_set(tree.in));
  TRY(entries_stream, tree.take_stream());
  TRY(codes_stream, tree.take_stream());
  return std::unique_ptr<SlotReader>(std::make_unique<DictionarySlot>(
      tree, place, possible, static_cast<std::size_t>(entries), entries_stream, codes_stream));
}

}  // namespace trilobite::columnar
