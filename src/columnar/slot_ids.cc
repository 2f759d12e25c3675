// kHex, kUuid: the bytes of each id, without the digits that are the same in all (a uuid's version), and a filter that
// says which ids are not there.
#include <cstring>

#include "columnar/hex_digits.h"
#include "columnar/id_filter.h"
#include "columnar/line_slots.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kFilterRowsMin = 1024;  // fewer ids are read as fast as a filter
constexpr std::size_t kWidthMin = 2, kWidthMax = 64, kUuidWidth = 16, kUuidText = 36;

// Where the groups of a uuid begin in its text, and how many digits they have.
struct Group {
  std::size_t begin, digits;
};
constexpr std::array<Group, 5> kGroups{{{0, 8}, {9, 4}, {14, 4}, {19, 4}, {24, 12}}};

void parse_hex(const char* text, std::size_t width, char* out, HexCase& seen) {
  std::size_t at = 0;
  for (; at + 4 <= width; at += 4) {
    const std::uint32_t bytes = parse_hex8(text + at * 2, seen);
    std::memcpy(out + at, &bytes, 4);
  }
  if (at == width) return;
  char digits[8] = {'0', '0', '0', '0', '0', '0', '0', '0'};
  std::memcpy(digits, text + at * 2, (width - at) * 2);
  const std::uint32_t bytes = parse_hex8(digits, seen);
  std::memcpy(out + at, &bytes, width - at);
}

bool parse_uuid(const char* text, char* out, HexCase& seen) {
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
  char digits[kUuidWidth * 2];
  char* to = digits;
  for (const Group& group : kGroups) {
    std::memcpy(to, text + group.begin, group.digits);
    to += group.digits;
  }
  parse_hex(digits, kUuidWidth, out, seen);
  return true;
}

char* write_hex(const char* id, std::size_t width, std::uint64_t letter, char* out) {
  std::size_t at = 0;
  for (; at + 4 <= width; at += 4) write_hex8(id + at, letter, out + at * 2);
  if (at < width) {
    char bytes[4] = {}, digits[8];
    std::memcpy(bytes, id + at, width - at);
    write_hex8(bytes, letter, digits);
    std::memcpy(out + at * 2, digits, (width - at) * 2);
  }
  return out + width * 2;
}

char* write_uuid(const char* id, std::uint64_t letter, char* out) {
  char digits[kUuidWidth * 2];
  write_hex(id, kUuidWidth, letter, digits);
  const char* from = digits;
  for (const Group& group : kGroups) {
    std::memcpy(out + group.begin, from, group.digits);
    from += group.digits;
  }
  out[8] = out[13] = out[18] = out[23] = '-';
  return out + kUuidText;
}

// The digits of an id that are stored. Those that are the same in all ids stand in `pattern` instead, an even number of
// them, so that each id takes whole bytes.
struct KeptDigits {
  std::array<std::uint8_t, kWidthMax * 2> digits{};  // their places, ascending
  std::size_t count = 0;
  std::string pattern;  // one id

  std::size_t width() const { return count / 2; }
};

// What makes up the stored bytes of an id, in order: a run of its bytes, or a byte of two digits that are not one.
struct Step {
  std::uint8_t bytes = 0;              // of the run; 0: two digits
  std::uint8_t first = 0, second = 0;  // digits; of a run where it begins
};

std::vector<Step> steps_of(const KeptDigits& kept) {
  std::vector<Step> out;
  for (std::size_t i = 0; i < kept.count; i += 2) {
    const std::uint8_t first = kept.digits[i], second = kept.digits[i + 1];
    if (first % 2 != 0 || second != first + 1) {
      out.push_back({0, first, second});
    } else if (!out.empty() && out.back().bytes > 0 && out.back().first + out.back().bytes * 2 == first) {
      ++out.back().bytes;
    } else {
      out.push_back({1, first, second});
    }
  }
  return out;
}

unsigned digit_at(const char* id, std::size_t digit) {
  const auto byte = static_cast<unsigned char>(id[digit / 2]);
  return digit % 2 == 0 ? byte >> 4 : byte & 0xFu;
}

void put_digit(char* id, std::size_t digit, unsigned value) {
  id[digit / 2] = static_cast<char>(static_cast<unsigned char>(id[digit / 2]) | (digit % 2 == 0 ? value << 4 : value));
}

KeptDigits kept_digits(std::string_view ids, std::size_t width) {
  std::array<unsigned char, kWidthMax> differ{};
  const auto add_differences = [&](std::size_t at) {
    for (std::size_t i = 0; i < width; ++i) differ[i] |= static_cast<unsigned char>(ids[at + i] ^ ids[i]);
  };
  const auto count_same = [&] {
    std::size_t same = 0;
    for (std::size_t digit = 0; digit < width * 2; ++digit)
      same += digit_at(reinterpret_cast<const char*>(differ.data()), digit) == 0;
    return same;
  };
  // Random ids differ everywhere after a few of them.
  for (std::size_t at = width; at < ids.size(); at += width) {
    add_differences(at);
    if (at == width * 64 && count_same() < 2) break;
  }
  const auto* bits = reinterpret_cast<const char*>(differ.data());
  KeptDigits out{.pattern = std::string(ids.substr(0, width))};
  std::size_t drop = count_same() / 2 * 2;
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
  const std::vector<Step> steps = steps_of(kept);
  char* to = out.data();
  for (std::size_t at = 0; at < ids.size(); at += width) {
    const char* id = ids.data() + at;
    for (const Step& step : steps) {
      if (step.bytes == 0) {
        *to++ = static_cast<char>(digit_at(id, step.first) << 4 | digit_at(id, step.second));
        continue;
      }
      std::memcpy(to, id + step.first / 2, step.bytes);
      to += step.bytes;
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
  const std::vector<Step> steps = steps_of(kept);
  for (std::size_t row = 0; row < rows; ++row, id += width) {
    for (const Step& step : steps) {
      if (step.bytes == 0) {
        const auto byte = static_cast<unsigned char>(*from++);
        put_digit(id, step.first, byte >> 4);
        put_digit(id, step.second, byte & 0xFu);
        continue;
      }
      std::memcpy(id + step.first / 2, from, step.bytes);
      from += step.bytes;
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
    const std::uint64_t letter = upper_ ? kUpperLetter : kLowerLetter;
    return kind() == SlotKind::kUuid ? write_uuid(id, letter, out) : write_hex(id, width_, letter, out);
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
  HexCase seen;
  char* out = ids.data();
  for (std::size_t i = 0; i < values.size(); ++i, out += width) {
    values.prefetch(i);
    const std::string_view text = values[i];
    if (text.size() != size) return false;
    if (!uuid)
      parse_hex(text.data(), width, out, seen);
    else if (!parse_uuid(text.data(), out, seen))
      return false;
    if (seen.not_lower != 0 && seen.not_upper != 0) return false;
  }
  const bool upper = seen.not_lower != 0;
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
