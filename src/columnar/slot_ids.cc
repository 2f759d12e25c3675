// kHex, kUuid: the bytes of each id.
#include <cstring>

#include "columnar/line_slots.h"

namespace trilobite::columnar {
namespace {

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

class IdSlot final : public SlotReader {
 public:
  IdSlot(SlotKind kind, TreeReader& tree, SlotPlace place, std::size_t width, bool upper, std::size_t stream)
      : SlotReader(kind, tree.state, place), width_(width), upper_(upper), stream_(stream) {
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
    state_.bytes += stream.bytes.size();
    return stream;
  }

  std::size_t width_;
  bool upper_;
  std::size_t stream_;
  Lazy<StreamBytes> ids_;
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
  writer.pages.add(std::move(ids));
  return true;
}

Result<std::unique_ptr<SlotReader>> read_ids(SlotKind kind, TreeReader& tree, SlotPlace place) {
  TRY(width, tree.in.varint());
  TRY(upper, tree.in.fixed<std::uint8_t>());
  if (width == 0 || width > kWidthMax || (kind == SlotKind::kUuid && width != kUuidWidth) || upper > 1)
    return error(Code::kCorrupt, "ids of {} bytes, case {}", width, upper);
  TRY(stream, tree.take_stream());
  if (tree.state.pages->stream_bytes(stream) != place.rows * width)
    return error(Code::kCorrupt, "{} bytes for {} ids of {}", tree.state.pages->stream_bytes(stream), place.rows,
                 width);
  return std::unique_ptr<SlotReader>(
      std::make_unique<IdSlot>(kind, tree, place, static_cast<std::size_t>(width), upper == 1, stream));
}

}  // namespace trilobite::columnar
