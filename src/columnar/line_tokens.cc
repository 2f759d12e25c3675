// Free text: which stretches of it vary. What is recognised here depends on the shape of a token only, never on whether
// its value makes sense (the 55th month is a date here), so that lines of one statement keep one template.
#include <algorithm>
#include <array>

#include "columnar/line_shape.h"

namespace trilobite::columnar {
namespace {

enum Class : std::uint8_t { kOther = 0, kLetter = 1, kHexLetter = 2, kDigit = 3, kMark = 4 };

constexpr auto kClass = [] {
  std::array<std::uint8_t, 256> out{};
  for (int c = 0; c < 256; ++c) {
    const bool hex = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    out[static_cast<std::size_t>(c)] = c >= '0' && c <= '9' ? kDigit
                                       : hex                ? kHexLetter
                                       : letter             ? kLetter
                                       : c < 3              ? kMark
                                                            : kOther;
  }
  return out;
}();

constexpr std::size_t kHexDigitsMin = 4;       // a word of these and letters a-f is one id
constexpr std::size_t kStretchBytesMax = 512;  // between brackets or quotes

class TextSplitter {
 public:
  TextSplitter(std::string_view text, bool stretches, std::vector<TextSpan>& slots)
      : text_(text), stretches_(stretches), slots_(slots) {}

  bool run() {
    while (at_ < text_.size()) {
      switch (kClass[static_cast<unsigned char>(text_[at_])]) {
        case kMark:
          return false;
        case kOther:
          if (!stretches_ || !stretch()) ++at_;
          break;
        default:
          if (!word()) return false;
      }
    }
    return true;
  }

 private:
  std::uint8_t class_at(std::size_t at) const {
    return at < text_.size() ? kClass[static_cast<unsigned char>(text_[at])] : std::uint8_t{kOther};
  }
  bool digit_at(std::size_t at) const { return class_at(at) == kDigit; }
  bool word_at(std::size_t at) const { return class_at(at) - 1u < 3u; }
  bool is(std::size_t at, char c) const { return at < text_.size() && text_[at] == c; }

  bool slot(std::size_t begin, std::size_t end) {
    if (slots_.size() == kLineSlotsMax) return false;
    slots_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)});
    at_ = end;
    return true;
  }

  // Quotes and brackets stay in the template, what is between them is a slot.
  bool stretch() {
    const char open = text_[at_];
    if (open != '"' && open != '[') return false;
    const char close = open == '[' ? ']' : '"';
    const std::size_t last = std::min(text_.size(), at_ + 1 + kStretchBytesMax);
    for (std::size_t end = at_ + 1; end < last; ++end) {
      const char c = text_[end];
      if (c == '\\' && open == '"') {
        ++end;
      } else if (c == close) {
        if (end == at_ + 1 || !slot(at_ + 1, end)) return false;
        ++at_;
        return true;
      }
    }
    return false;
  }

  std::size_t digits_end(std::size_t at) const {
    while (digit_at(at)) ++at;
    return at;
  }
  // Exactly `count` digits, and the byte `then` behind them (0: no digit).
  bool digits_then(std::size_t at, std::size_t count, char then) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (!digit_at(at + i)) return false;
    }
    return then == 0 ? !digit_at(at + count) : is(at + count, then);
  }

  // dddd-dd-dd, then T or blank and dd:dd:dd with a fraction and a zone.
  std::size_t iso_time_end(std::size_t at) const {
    if (!digits_then(at, 4, '-') || !digits_then(at + 5, 2, '-') || !digits_then(at + 8, 2, 0)) return 0;
    if (!is(at + 10, 'T') && !is(at + 10, ' ')) return 0;
    if (!digits_then(at + 11, 2, ':') || !digits_then(at + 14, 2, ':') || !digits_then(at + 17, 2, 0)) return 0;
    std::size_t end = at + 19;
    if ((is(end, '.') || is(end, ',')) && digit_at(end + 1)) end = digits_end(end + 1);
    if (is(end, 'Z') && !word_at(end + 1)) return end + 1;
    if ((is(end, '+') || is(end, '-')) && digits_then(end + 1, 2, ':') && digits_then(end + 4, 2, 0)) return end + 6;
    if ((is(end, '+') || is(end, '-')) && digits_then(end + 1, 4, 0)) return end + 5;
    return word_at(end) ? 0 : end;
  }

  std::size_t uuid_end(std::size_t at) const {
    if (text_.size() - at < 36) return 0;
    for (std::size_t i = 0; i < 36; ++i) {
      if (i == 8 || i == 13 || i == 18 || i == 23) {
        if (text_[at + i] != '-') return 0;
      } else if (class_at(at + i) < kHexLetter || class_at(at + i) > kDigit) {
        return 0;
      }
    }
    return word_at(at + 36) ? 0 : at + 36;
  }

  std::size_t ipv4_end(std::size_t at) const {
    for (int i = 0; i < 4; ++i) {
      const std::size_t end = digits_end(at);
      if (end == at || end - at > 3) return 0;
      if (i == 3) return word_at(end) || (is(end, '.') && digit_at(end + 1)) ? 0 : end;
      if (!is(end, '.')) return 0;
      at = end + 1;
    }
    return 0;
  }

  // All digits up to `end`: perhaps more than an integer starts here.
  bool number(std::size_t end) {
    if (end - at_ == 4 && is(end, '-')) {
      if (const std::size_t time_end = iso_time_end(at_); time_end != 0) return slot(at_, time_end);
    }
    if (is(end, '.') && digit_at(end + 1)) {
      if (const std::size_t address_end = ipv4_end(at_); address_end != 0) return slot(at_, address_end);
      const std::size_t fraction_end = digits_end(end + 1);
      if (!(is(fraction_end, '.') && digit_at(fraction_end + 1))) end = fraction_end;
    }
    std::size_t begin = at_;
    if (begin > 0 && text_[begin - 1] == '-' && (begin == 1 || !word_at(begin - 2)) &&
        (slots_.empty() || slots_.back().begin + slots_.back().size < begin)) {
      --begin;
    }
    return slot(begin, end);
  }

  bool word() {
    std::size_t end = at_, digits = 0, digit_runs = 0, first_digit = 0, letters = 0;
    std::uint8_t before = kOther;
    for (std::uint8_t c; (c = class_at(end)) - 1u < 3u; before = c, ++end) {
      if (c == kLetter) ++letters;
      if (c != kDigit) continue;
      ++digits;
      if (before != kDigit && ++digit_runs == 1) first_digit = end;
    }
    const std::size_t size = end - at_;
    if (size == 8 && letters == 0 && is(end, '-')) {
      if (const std::size_t id_end = uuid_end(at_); id_end != 0) return slot(at_, id_end);
    }
    if (digits == 0) {
      at_ = end;
      return true;
    }
    if (digits == size) return number(end);
    if (text_[at_] == '0' && size > 2 && (text_[at_ + 1] == 'x' || text_[at_ + 1] == 'X') && letters == 1) {
      return slot(at_ + 2, end);
    }
    if (digit_runs > 1 || (letters == 0 && size >= kHexDigitsMin)) return slot(at_, end);
    const bool ok = slot(first_digit, first_digit + digits);
    at_ = end;
    return ok;
  }

  std::string_view text_;
  bool stretches_;
  std::vector<TextSpan>& slots_;
  std::size_t at_ = 0;
};

}  // namespace

bool split_text(std::string_view line, unsigned depth, std::vector<TextSpan>& slots) {
  return TextSplitter(line, depth == 1, slots).run();
}

}  // namespace trilobite::columnar
