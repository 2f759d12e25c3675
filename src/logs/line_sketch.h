// The pattern of one line: its fixed words, and gaps where lines of its kind differ. As text, with `<_>` for gaps, it
// is a pattern filter (`|>`) that the line passes, whatever of the gaps' own texts is put back in.
//
// JSON and logfmt: the values of fields are gaps, but the message (kMessageNames) is shown with its words. Free text:
// words with digits, ids, addresses, and what stands in quotes and brackets are gaps.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/lines.h"

namespace trilobite::logql {

struct LineSketch {
  std::vector<std::string> literals{std::string()};  // one more than gaps; none empty between two gaps
  std::vector<std::optional<std::string>> gaps;      // the text, where it is the same in all lines of this sketch

  // Equal for sketches that differ in the gaps' texts only.
  void append_key(std::string& out) const;
  // Gaps as `<_>`; those with a text that `shown` accepts as that text.
  std::string pattern(bool (*shown)(std::string_view text)) const;
  std::string text_with_gaps() const;
  // Keeps the gaps' texts that both have. REQUIRES: equal keys.
  void merge(const LineSketch& other);
};

// A gap's text longer than this is not kept.
inline constexpr std::size_t kGapTextMax = 128;

LineSketch sketch_line(std::string_view line);

// Of a message inside a line. `then` is the text that always stands behind it, in the sketch as well; not empty.
// Nothing when the message is no safe gap, so that only the line as a whole can be sketched.
std::optional<LineSketch> sketch_message(std::string_view message, std::string_view then);

// Which of the fields of a line is the message, and which the level, if any.
struct NotableFields {
  std::optional<std::size_t> message, level;
};
NotableFields notable_fields(std::span<const columnar::Field> fields);

// Whether `gap` ends where `then` is first found after its start: what a pattern filter needs to find the same gap.
bool is_safe_gap(std::string_view gap, std::string_view then);
// Whether this text means itself in a pattern: valid UTF-8, and nothing in it reads as a capture.
bool is_plain_literal(std::string_view text);

}  // namespace trilobite::logql
