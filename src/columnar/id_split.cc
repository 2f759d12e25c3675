#include "columnar/id_split.h"

#include <array>
#include <bit>
#include <cstring>

namespace trilobite::columnar {
namespace {

enum Mark : std::uint8_t {
  kEnd = 0,     // of a row
  kHex16 = 1,   // 16 lower-case hex digits: 8 bytes of ids
  kHex32 = 2,   // 32 of them: 16 bytes
  kUuid = 3,    // 8-4-4-4-12: 16 bytes
  kEscape = 4,  // the next byte stands for itself
};
constexpr std::uint8_t kMarkMax = kEscape;

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> value{};
  for (auto& entry : value) entry = kNoDigit;
  for (std::uint8_t i = 0; i < 10; ++i) value[static_cast<std::size_t>('0') + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) value[static_cast<std::size_t>('a') + i] = static_cast<std::uint8_t>(10 + i);
  return value;
}
constexpr std::array<std::uint8_t, 256> kValue = make_values();

struct DigitPairs {
  char pair[256][2];
};
constexpr DigitPairs make_pairs() {
  DigitPairs out{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    out.pair[byte][0] = "0123456789abcdef"[byte >> 4];
    out.pair[byte][1] = "0123456789abcdef"[byte & 15];
  }
  return out;
}
constexpr DigitPairs kDigits = make_pairs();

bool is_hex(char byte) { return kValue[static_cast<std::uint8_t>(byte)] != kNoDigit; }

// --- split

void pack_digits(const char* digits, std::size_t count, std::string& out) {
  char packed[16];
  for (std::size_t i = 0; i < count / 2; ++i) {
    const std::uint8_t high = kValue[static_cast<std::uint8_t>(digits[2 * i])];
    const std::uint8_t low = kValue[static_cast<std::uint8_t>(digits[2 * i + 1])];
    packed[i] = static_cast<char>(high << 4 | low);
  }
  out.append(packed, count / 2);
}

// Whether `at` is the start of the last group (12 digits, already seen) of a uuid.
bool uuid_before(std::string_view row, std::size_t at) {
  if (at < 24) return false;
  const char* start = row.data() + at - 24;
  if (start[8] != '-' || start[13] != '-' || start[18] != '-' || start[23] != '-') return false;
  bool hex = true;
  for (const std::size_t i : {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22})
    hex &= is_hex(start[i]);
  return hex;
}

bool has_letter(std::string_view digits) {
  for (const char digit : digits) {
    if (digit >= 'a') return true;
  }
  return false;
}

void append_escaped(std::string_view piece, std::string& out) {
  for (const char byte : piece) {
    if (static_cast<std::uint8_t>(byte) <= kMarkMax) out.push_back(static_cast<char>(kEscape));
    out.push_back(byte);
  }
}

constexpr std::uint64_t kOnes = ~0ull / 255;

// Nonzero when a byte of the word is a mark; the lowest bit set is in the first such byte.
std::uint64_t marks_in(std::uint64_t word) { return (word - kOnes * (kMarkMax + 1)) & ~word & (kOnes * 0x80); }

bool has_marks(std::string_view piece) {
  std::size_t i = 0;
  std::uint64_t found = 0;
  for (std::uint64_t word; i + 8 <= piece.size(); i += 8) {
    std::memcpy(&word, piece.data() + i, 8);
    found |= marks_in(word);
  }
  for (; i < piece.size(); ++i) found |= static_cast<std::uint8_t>(piece[i]) <= kMarkMax;
  return found != 0;
}

// Cuts ids out of one row. The text before an id is written when the id is found.
class Splitter {
 public:
  Splitter(std::string_view row, SplitText& out) : row_(row), out_(out), escape_(has_marks(row)) {}

  // An id has a run of at least 12 digits, so looking at every twelfth byte misses none.
  void run() {
    for (std::size_t at = kStep - 1; at < row_.size();) {
      if (!is_hex(row_[at])) {
        at += kStep;
        continue;
      }
      std::size_t start = at, end = at + 1;
      while (start > done_ && is_hex(row_[start - 1])) --start;
      while (end < row_.size() && is_hex(row_[end])) ++end;
      if (end - start >= kStep) take(start, end);
      at = end + kStep;
    }
    literal(row_.size());
  }

 private:
  static constexpr std::size_t kStep = 12;

  void take(std::size_t start, std::size_t end) {
    // After a uuid's 12 digits nothing may follow that would make them a longer run.
    if (end - start == 12 && start >= done_ + 24 && uuid_before(row_, start)) {
      literal(start - 24);
      const char* id = row_.data() + start - 24;
      char digits[32];
      std::memcpy(digits, id, 8);
      std::memcpy(digits + 8, id + 9, 4);
      std::memcpy(digits + 12, id + 14, 4);
      std::memcpy(digits + 16, id + 19, 4);
      std::memcpy(digits + 20, id + 24, 12);
      mark(kUuid, digits, 32, end);
      return;
    }
    // Decimal numbers (times, sizes) repeat their first digits and stay text.
    if (end - start < 16 || !has_letter(row_.substr(start, end - start))) return;
    literal(start);
    while (end - done_ >= 32) mark(kHex32, row_.data() + done_, 32, done_ + 32);
    if (end - done_ >= 16) mark(kHex16, row_.data() + done_, 16, done_ + 16);
  }

  void mark(Mark mark, const char* digits, std::size_t count, std::size_t done) {
    out_.text.push_back(static_cast<char>(mark));
    pack_digits(digits, count, out_.ids);
    done_ = done;
  }

  void literal(std::size_t end) {
    const std::string_view piece = row_.substr(done_, end - done_);
    if (escape_) {
      append_escaped(piece, out_.text);
    } else {
      out_.text.append(piece);
    }
    done_ = end;
  }

  std::string_view row_;
  SplitText& out_;
  bool escape_;
  std::size_t done_ = 0;  // bytes of the row that are written
};

// --- join

char* put_digits(char* out, const char* packed, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    std::memcpy(out + 2 * i, kDigits.pair[static_cast<std::uint8_t>(packed[i])], 2);
  return out + 2 * bytes;
}

char* put_uuid(char* out, const char* packed) {
  std::size_t from = 0;
  for (const std::size_t bytes : {4, 2, 2, 2, 6}) {
    if (from > 0) *out++ = '-';
    out = put_digits(out, packed + from, bytes);
    from += bytes;
  }
  return out;
}

struct IdShape {
  std::uint8_t packed = 0, text = 0;  // bytes
};
constexpr std::array<IdShape, kMarkMax + 1> kShapes{IdShape{}, {8, 16}, {16, 32}, {16, 36}, {}};

// Writes rows into a buffer with kSlack bytes behind its end, so that words may be copied whole.
class Joiner {
 public:
  static constexpr std::size_t kSlack = 16;

  Joiner(std::string_view text, std::string_view ids, char* out, std::size_t bytes)
      : in_(text.data()), in_end_(in_ + text.size()), ids_(ids), out_(out), out_start_(out), out_end_(out + bytes) {}

  Result<void> run(std::size_t ends_base, std::vector<std::uint32_t>& ends, std::size_t rows) {
    for (std::size_t row = 0; row < rows;) {
      copy_text();
      if (in_ == in_end_) return error(Code::kCorrupt, "rows end too early");
      if (out_ > out_end_) return too_long();
      const auto mark = static_cast<std::uint8_t>(*in_++);
      if (mark == kEnd) {
        ends.push_back(static_cast<std::uint32_t>(ends_base + static_cast<std::size_t>(out_ - out_start_)));
        ++row;
      } else if (mark == kEscape) {
        if (in_ == in_end_ || out_ == out_end_) return error(Code::kCorrupt, "an escape stands at the end");
        *out_++ = *in_++;
      } else {
        TRY_VOID(put_id(mark));
      }
    }
    if (in_ != in_end_ || !ids_.empty() || out_ != out_end_) return error(Code::kCorrupt, "rows end too late");
    return {};
  }

 private:
  static Error too_long() { return error(Code::kCorrupt, "rows are longer than expected"); }

  // Up to the next mark, the end of the text, or beyond the end of the output.
  void copy_text() {
    while (in_end_ - in_ >= 16 && out_ <= out_end_) {
      std::uint64_t words[2];
      std::memcpy(words, in_, 16);
      std::memcpy(out_, words, 16);
      const std::uint64_t marks[2] = {marks_in(words[0]), marks_in(words[1])};
      if ((marks[0] | marks[1]) != 0) {
        const int plain = (marks[0] != 0 ? std::countr_zero(marks[0]) : 64 + std::countr_zero(marks[1])) / 8;
        in_ += plain;
        out_ += plain;
        return;
      }
      in_ += 16;
      out_ += 16;
    }
    while (in_ < in_end_ && out_ <= out_end_ && static_cast<std::uint8_t>(*in_) > kMarkMax) *out_++ = *in_++;
  }

  Result<void> put_id(std::uint8_t mark) {
    const IdShape shape = kShapes[mark];
    if (ids_.size() < shape.packed) return error(Code::kCorrupt, "an id is missing");
    if (out_end_ - out_ < shape.text) return too_long();
    out_ = mark == kUuid ? put_uuid(out_, ids_.data()) : put_digits(out_, ids_.data(), shape.packed);
    ids_.remove_prefix(shape.packed);
    return {};
  }

  const char* in_;
  const char* in_end_;
  std::string_view ids_;
  char* out_;
  char* out_start_;
  char* out_end_;
};

}  // namespace

void split_row(std::string_view row, SplitText& out) {
  Splitter(row, out).run();
  out.text.push_back(static_cast<char>(kEnd));
}

Result<void> join_rows(std::string_view text, std::string_view ids, std::size_t rows, std::size_t bytes_raw,
                       std::string& bytes, std::vector<std::uint32_t>& ends) {
  const std::size_t base = bytes.size();
  bytes.resize(base + bytes_raw + Joiner::kSlack);
  TRY_VOID(Joiner(text, ids, bytes.data() + base, bytes_raw).run(base, ends, rows));
  bytes.resize(base + bytes_raw);
  return {};
}

}  // namespace trilobite::columnar
