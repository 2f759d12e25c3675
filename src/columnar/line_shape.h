// Which form a line has, and where its slots are: the part of splitting that looks at bytes. Two lines whose text apart
// from the slots is the same have the same template.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/lines.h"

namespace trilobite::columnar {

// A stretch of some text that the caller knows.
struct TextSpan {
  std::uint32_t begin = 0, size = 0;
  friend bool operator==(const TextSpan&, const TextSpan&) = default;
};

inline constexpr std::size_t kLineSlotsMax = 255;  // of one line; more is text

// Strict JSON: one object, valid UTF-8, escapes and numbers; blanks where JSON has them. Appends the slots, ascending.
// False, with nothing of value in `slots`, when the line is something else. `fields` (null: not wanted) says what each
// is.
bool split_json(std::string_view line, std::vector<TextSpan>& slots, std::vector<Field>* fields);

// Keys of letters, digits and _ - . / : @; values without blank, quote and equals sign, or between quotes with escapes.
bool split_logfmt(std::string_view line, std::vector<TextSpan>& slots, std::vector<Field>* fields);

// Always possible but for the bytes 0 to 2, which stand for slots in keys, and for more than kLineSlotsMax.
bool split_text(std::string_view line, unsigned depth, std::vector<TextSpan>& slots);

// The first byte of a JSON string that is not plain: its closing quote, a backslash, a control byte, one beyond ASCII.
const char* json_string_plain_end(const char* at, const char* end);
// Behind the number, true, false or null that begins at `at`; null when none does.
const char* json_bare_end(const char* at, const char* end);

}  // namespace trilobite::columnar
