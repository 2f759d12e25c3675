// kHex, kUuid: the bytes of each id, without the digits that are the same in all (a uuid's version), and a filter that
// says which ids are not there.
#include <bit>
#include <cstring>

#include "columnar/id_filter.h"
#include "columnar/line_slots.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kFilterRowsMin = 1024;  // fewer ids are read as fast as a filter
constexpr std::size_t kWidthMin = 2, kWidthMax = 64, kUuidWidth = 16, kUuidText = 36;

constexpr auto kNibble = [] {
  std::array<std::uint8_t, 256> out{};
  for (auto& entry : out) entry = 0xFF;
  for (unsigned i = 0; i < 10; ++i) out['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 10; i < 16; ++i) out['a' + i - 10] = static_cast<std::uint8_t>(i);
  for (unsigned i = 10; i < 16; ++i) out['A' + i - 10] = static_cast<std::uint8_t>(i);
  return out;
}();

// Two hex digits for each byte.
constexpr auto kPairs = [] {
  std::array<std::array<char, 512>, 2> out{};
  for (unsigned upper = 0; upper < 2; ++upper) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
      out[upper][byte * 2] = digits[byte / 16];
      out[upper][byte * 2 + 1] = digits[byte % 16];
    }
  }
  return out;
}();

bool dash_in_front(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

// `letters` gathers 0x80 for a lower-case letter and 0x40 for an upper-case one.
bool parse_hex(const char* text, std::size_t width, char* out, std::uint32_t& letters) {
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const auto high = static_cast<unsigned char>(text[i * 2]), low = static_cast<unsigned char>(text[i * 2 + 1]);
    const unsigned value = kNibble[high] * 16u + kNibble[low];
    bad |= kNibble[high] | kNibble[low];
    // Bit 5 tells lower from upper case, bit 6 letters from digits.
    letters |= (high & 0x40u) << ((high & 0x20) / 0x20) | (low & 0x40u) << ((low & 0x20) / 0x20);
    out[i] = static_cast<char>(value);
  }
  return bad < 16;
}

bool parse_uuid(std::string_view text, char* out, std::uint32_t& letters) {
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
  return parse_hex(text.data(), 4, out, letters) && parse_hex(text.data() + 9, 2, out + 4, letters) &&
         parse_hex(text.data() + 14, 2, out + 6, letters) && parse_hex(text.data() + 19, 2, out + 8, letters) &&
         parse_hex(text.data() + 24, 6, out + 10, letters);
}

// The digits of an id that are stored. Those that are the same in all ids stand in `pattern` instead, an even number of
// them, so that each id takes whole bytes.
struct KeptDigits {
  std::array<std::uint8_t, kWidthMax * 2> digits{};  // their places, ascending
  std::size_t count = 0;
  std::string pattern;  // one id

  std::size_t width() const { return count / 2; }
  // Digits i and i + 1 are one byte of the id.
  bool whole(std::size_t i) const { return digits[i] % 2 == 0 && digits[i + 1] == digits[i] + 1; }
};

unsigned digit_at(const char* id, std::size_t digit) {
  const auto byte = static_cast<unsigned char>(id[digit / 2]);
  return digit % 2 == 0 ? byte >> 4 : byte & 0xFu;
}

KeptDigits kept_digits(std::string_view ids, std::size_t width) {
  std::array<unsigned char, kWidthMax> differ{};
  for (std::size_t at = width; at < ids.size(); at += width) {
    for (std::size_t i = 0; i < width; ++i) differ[i] |= static_cast<unsigned char>(ids[at + i] ^ ids[i]);
  }
  const auto* bits = reinterpret_cast<const char*>(differ.data());
  std::size_t same = 0;
  for (std::size_t digit = 0; digit < width * 2; ++digit) same += digit_at(bits, digit) == 0;
  KeptDigits out{.pattern = std::string(ids.substr(0, width))};
  std::size_t drop = same / 2 * 2;
  for (std::size_t digit = 0; digit < width * 2; ++digit) {
    if (digit_at(bits, digit) == 0 && drop > 0)
      --drop;
    else
      out.digits[out.count++] = static_cast<std::uint8_t>(digit);
  }
  return out;
}

std::string drop_digits(std::string_view ids, std::size_t width, const KeptDigits& kept) {
  std::string out(ids.size() / width * kept.width(), '\0');
  char* to = out.data();
  for (std::size_t at = 0; at < ids.size(); at += width) {
    const char* id = ids.data() + at;
    for (std::size_t i = 0; i < kept.count; i += 2) {
      *to++ = kept.whole(i) ? id[kept.digits[i] / 2]
                            : static_cast<char>(digit_at(id, kept.digits[i]) << 4 | digit_at(id, kept.digits[i + 1]));
    }
  }
  return out;
}

std::string restore_digits(std::string_view stored, std::size_t rows, const KeptDigits& kept) {
  const std::size_t width = kept.pattern.size();
  std::string pattern = kept.pattern;
  for (std::size_t i = 0; i < kept.count; ++i) {
    char& byte = pattern[kept.digits[i] / 2];
    byte = static_cast<char>(byte & (kept.digits[i] % 2 ? 0xF0 : 0x0F));
  }
  std::string out;
  out.reserve(rows * width);
  for (std::size_t row = 0; row < rows; ++row) out += pattern;
  char* id = out.data();
  const char* from = stored.data();
  for (std::size_t row = 0; row < rows; ++row, id += width, from += kept.width()) {
    for (std::size_t i = 0; i < kept.count; i += 2) {
      if (kept.whole(i)) {
        id[kept.digits[i] / 2] = from[i / 2];
        continue;
      }
      for (std::size_t k = i; k < i + 2; ++k) {
        const unsigned digit = digit_at(from, k);
        id[kept.digits[k] / 2] |= static_cast<char>(kept.digits[k] % 2 ? digit : digit << 4);
      }
    }
  }
  return out;
}

void write_kept(const KeptDigits& kept, std::size_t width, std::string& out) {
  ByteWriter writer(out);
  writer.fixed(static_cast<std::uint8_t>(kept.count < width * 2));
  if (kept.count == width * 2) return;
  std::string mask((width * 2 + 7) / 8, '\0');
  for (std::size_t i = 0; i < kept.count; ++i) mask[kept.digits[i] / 8] |= static_cast<char>(1 << kept.digits[i] % 8);
  writer.bytes(mask);
  writer.bytes(kept.pattern);
}

Result<KeptDigits> read_kept(ByteReader& in, std::size_t width) {
  KeptDigits out;
  TRY(some, in.fixed<std::uint8_t>());
  std::string_view mask;
  if (some != 0) {
    TRY(bytes, in.bytes((width * 2 + 7) / 8));
    TRY(pattern, in.bytes(width));
    mask = bytes;
    out.pattern = pattern;
  }
  for (std::size_t digit = 0; digit < width * 2; ++digit) {
    if (mask.empty() || (mask[digit / 8] >> digit % 8 & 1) != 0)
      out.digits[out.count++] = static_cast<std::uint8_t>(digit);
  }
  if (out.count % 2 != 0) return error(Code::kCorrupt, "{} digits of each id", out.count);
  return out;
}

class IdSlot final : public SlotReader {
 public:
  static constexpr std::size_t kNoFilter = static_cast<std::size_t>(-1);

  IdSlot(SlotKind kind, TreeReader& tree, SlotPlace place, std::size_t width, bool upper, KeptDigits kept,
         std::size_t stream, std::size_t filter_stream)
      : SlotReader(kind, tree.state, place),
        width_(width),
        upper_(upper),
        kept_(std::move(kept)),
        stream_(stream),
        filter_stream_(filter_stream) {
    possible_ = {};
    add_bytes(possible_, upper ? "0123456789ABCDEF" : "0123456789abcdef");
    if (kind == SlotKind::kUuid) add_byte(possible_, '-');
  }

  unsigned width() const override { return static_cast<unsigned>(width_); }
  bool upper_case() const override { return upper_; }
  Result<std::string_view> ids() const override {
    TRY(stream, ids_.get([&] { return read_ids(); }));
    return stream->bytes;
  }
  Result<bool> may_have(std::string_view id) const override {
    if (id.size() != width_) return false;
    if (filter_stream_ == kNoFilter) return true;
    TRY(filter, filter_.get([&] {
      state_.bytes += state_.pages->stream_bytes(filter_stream_);
      return state_.read(filter_stream_);
    }));
    return id_filter_may_have(filter->bytes, id);
  }
  Result<void> append(std::size_t position, std::string& out) const override {
    TRY_VOID(load());
    char text[kWidthMax * 2 + 4];
    out.append(text, static_cast<std::size_t>(render(position, text) - text));
    return {};
  }
  Result<void> load() const override {
    TRY_VOID(ids_.get([&] { return read_ids(); }));
    return {};
  }
  std::size_t bytes_longest() const override { return width_ * 2 + 4; }
  char* render(std::size_t position, char* out) const override {
    const char* id = ids_.ready()->bytes.data() + position * width_;
    const char* pairs = kPairs[upper_].data();
    for (std::size_t i = 0; i < width_; ++i) {
      if (kind() == SlotKind::kUuid && dash_in_front(i)) *out++ = '-';
      std::memcpy(out, pairs + static_cast<unsigned char>(id[i]) * 2u, 2);
      out += 2;
    }
    return out;
  }

 private:
  Result<StreamBytes> read_ids() const {
    TRY(stream, state_.read(stream_));
    state_.bytes += size() * width_;
    if (kept_.count == width_ * 2) return stream;
    const auto ids = std::make_shared<const std::string>(restore_digits(stream.bytes, size(), kept_));
    return StreamBytes{ids, *ids};
  }

  std::size_t width_;
  bool upper_;
  KeptDigits kept_;
  std::size_t stream_, filter_stream_;
  Lazy<StreamBytes> ids_, filter_;
};

}  // namespace

bool encode_ids(const SlotValues& values, LinesWriter& writer) {
  const std::size_t size = values[0].size();
  const bool uuid = size == kUuidText && values[0][8] == '-';
  if (!uuid && (size % 2 != 0 || size < kWidthMin * 2 || size > kWidthMax * 2)) return false;
  const std::size_t width = uuid ? kUuidWidth : size / 2;
  std::string ids(values.size() * width, '\0');
  std::uint32_t letters = 0;
  char* out = ids.data();
  for (std::size_t i = 0; i < values.size(); ++i, out += width) {
    const std::string_view text = values[i];
    if (text.size() != size) return false;
    if (!(uuid ? parse_uuid(text, out, letters) : parse_hex(text.data(), width, out, letters))) return false;
  }
  const bool upper = (letters & 0x40) != 0;
  if (upper && (letters & 0x80) != 0) return false;
  ByteWriter tree(writer.tree);
  tree.fixed(static_cast<std::uint8_t>(uuid ? SlotKind::kUuid : SlotKind::kHex));
  tree.varint(width);
  tree.fixed(static_cast<std::uint8_t>(upper));
  const KeptDigits kept = kept_digits(ids, width);
  write_kept(kept, width, writer.tree);
  std::string filter;
  if (values.size() >= kFilterRowsMin) filter = build_id_filter(ids, width);
  tree.fixed(static_cast<std::uint8_t>(!filter.empty()));
  writer.pages.add(kept.count == width * 2 ? std::move(ids) : drop_digits(ids, width, kept));
  if (!filter.empty()) writer.pages.add(std::move(filter));
  return true;
}

Result<std::unique_ptr<SlotReader>> read_ids(SlotKind kind, TreeReader& tree, SlotPlace place) {
  TRY(width, tree.in.varint());
  TRY(upper, tree.in.fixed<std::uint8_t>());
  if (width == 0 || width > kWidthMax || (kind == SlotKind::kUuid && width != kUuidWidth) || upper > 1)
    return error(Code::kCorrupt, "ids of {} bytes, case {}", width, upper);
  TRY(kept, read_kept(tree.in, static_cast<std::size_t>(width)));
  TRY(filtered, tree.in.fixed<std::uint8_t>());
  TRY(stream, tree.take_stream());
  std::size_t filter_stream = IdSlot::kNoFilter;
  if (filtered != 0) {
    TRY(taken, tree.take_stream());
    filter_stream = taken;
  }
  const std::size_t bytes = tree.state.pages->stream_bytes(stream);
  if (kept.count == 0 || bytes != place.rows * kept.width())
    return error(Code::kCorrupt, "{} bytes for {} ids of {}", bytes, place.rows, kept.width());
  return std::unique_ptr<SlotReader>(std::make_unique<IdSlot>(kind, tree, place, static_cast<std::size_t>(width),
                                                              upper == 1, std::move(kept), stream, filter_stream));
}

}  // namespace trilobite::columnar
