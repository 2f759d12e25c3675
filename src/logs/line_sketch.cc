#include "logs/line_sketch.h"

#include <algorithm>
#include <array>

#include "columnar/line_shape.h"
#include "logs/pattern.h"
#include "logs/text.h"

namespace trilobite::logql {
namespace {

using columnar::TextSpan;

constexpr std::string_view kGap = "<_>";
constexpr char kGapInKey = '\x01';
constexpr char32_t kReplacementRune = 0xfffd;

// The best first. The last part of the key's path counts, so `fields.message` is one as well.
constexpr std::array<std::string_view, 4> kMessageNames = {"message", "msg", "event", "error"};
constexpr std::array<std::string_view, 3> kLevelNames = {"level", "severity", "lvl"};

template <std::size_t N>
std::size_t rank(const std::array<std::string_view, N>& names, const columnar::Field& field) {
  const std::string name = to_lower_ascii(field.path.back());
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

// What is at the front of a text, and whether it can stand in a pattern as itself.
struct Front {
  std::size_t length = 1;
  bool plain = true;
};

Front front_of(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first == '<') {
    const std::size_t end = text.find('>');
    if (end == std::string_view::npos || end < 2) return {};
    const std::string_view name = text.substr(1, end - 1);
    const bool capture = !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), [](char c) {
      return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    return capture ? Front{end + 1, false} : Front{};
  }
  if (first < 3) return {1, false};  // they mark gaps in keys
  if (first < 0x80) return {};
  const Rune rune = decode_rune(text);
  return {rune.length, rune.code != kReplacementRune || rune.length > 1};
}

// Stretches of a line that are gaps, ascending; neighbours are joined, empty ones left out.
class Gaps {
 public:
  explicit Gaps(std::string_view line) : line_(line) {}

  // REQUIRES: begin is not before the end of the last one.
  void add(std::size_t begin, std::size_t end) {
    add_awkward(begin);
    join(begin, end);
    at_ = end;
  }
  std::vector<TextSpan> finish() {
    add_awkward(line_.size());
    return std::move(spans_);
  }

 private:
  void add_awkward(std::size_t end) {
    while (at_ < end) {
      const Front front = front_of(line_.substr(at_, end - at_));
      if (!front.plain) join(at_, at_ + front.length);
      at_ += front.length;
    }
  }
  void join(std::size_t begin, std::size_t end) {
    if (begin == end) return;
    const auto size = static_cast<std::uint32_t>(end - begin);
    if (!spans_.empty() && spans_.back().begin + spans_.back().size == begin) {
      spans_.back().size += size;
    } else {
      spans_.push_back({static_cast<std::uint32_t>(begin), size});
    }
  }

  std::string_view line_;
  std::size_t at_ = 0;
  std::vector<TextSpan> spans_;
};

std::string_view text_of(std::string_view line, const TextSpan& span) { return line.substr(span.begin, span.size); }

std::string_view literal_behind(std::string_view line, std::span<const TextSpan> gaps, std::size_t index) {
  const std::size_t begin = gaps[index].begin + gaps[index].size;
  return line.substr(begin, (index + 1 < gaps.size() ? gaps[index + 1].begin : line.size()) - begin);
}

// The first gap that a pattern filter would not find where it is; as many as there are when it finds all.
std::size_t first_unsafe(std::string_view line, std::span<const TextSpan> gaps) {
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const std::string_view then = literal_behind(line, gaps, i);
    if (then.empty()) continue;  // the last one takes the rest
    if (line.find(then, gaps[i].begin) != gaps[i].begin + gaps[i].size) return i;
  }
  return gaps.size();
}

LineSketch sketch_of(std::string_view line, std::span<const TextSpan> gaps) {
  LineSketch out;
  std::size_t at = 0;
  for (const TextSpan& gap : gaps) {
    out.literals.back() = line.substr(at, gap.begin - at);
    out.literals.emplace_back();
    out.gaps.emplace_back();
    if (gap.size <= kGapTextMax) out.gaps.back() = std::string(text_of(line, gap));
    at = gap.begin + gap.size;
  }
  out.literals.back() = line.substr(at);
  return out;
}

// `whole_message`: the message is one gap.
std::vector<TextSpan> gaps_of_line(std::string_view line, bool whole_message) {
  std::vector<TextSpan> slots, words;
  std::vector<columnar::Field> fields;
  if (!columnar::split_json(line, slots, &fields)) {
    slots.clear();
    fields.clear();
    if (!columnar::split_logfmt(line, slots, &fields)) {
      slots.clear();
      fields.clear();
      if (!columnar::split_text(line, 1, slots)) slots = {{0, static_cast<std::uint32_t>(line.size())}};
    }
  }
  const std::optional<std::size_t> message = whole_message ? std::nullopt : notable_fields(fields).message;
  Gaps gaps(line);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i == message && columnar::split_text(text_of(line, slots[i]), columnar::kNestingMax, words)) {
      for (const TextSpan& word : words) {
        gaps.add(slots[i].begin + word.begin, slots[i].begin + word.begin + word.size);
      }
    } else {
      gaps.add(slots[i].begin, slots[i].begin + slots[i].size);
    }
  }
  return gaps.finish();
}

}  // namespace

void LineSketch::append_key(std::string& out) const {
  for (std::size_t i = 0; i < literals.size(); ++i) {
    if (i > 0) out += kGapInKey;
    out += literals[i];
  }
}

std::string LineSketch::pattern(bool (*shown)(std::string_view)) const {
  std::string out, literal = literals[0];
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    if (gaps[i] && is_utf8(*gaps[i]) && shown(*gaps[i])) {
      literal += *gaps[i];
    } else {
      out.append(literal).append(kGap);
      if (!literal.empty()) expected.push_back(std::move(literal));
      literal.clear();
    }
    literal += literals[i + 1];
  }
  out += literal;
  if (!literal.empty()) expected.push_back(std::move(literal));
  // Texts put back may read as a capture together with what stands beside them.
  const Result<Pattern> read = Pattern::compile_filter(out);
  return read.ok() && read->literals() == expected ? out : text_with_gaps();
}

std::string LineSketch::text_with_gaps() const {
  std::string out = literals[0];
  for (std::size_t i = 1; i < literals.size(); ++i) out.append(kGap).append(literals[i]);
  return out;
}

void LineSketch::merge(const LineSketch& other) {
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    if (gaps[i] != other.gaps[i]) gaps[i].reset();
  }
}

LineSketch sketch_line(std::string_view line) {
  std::vector<TextSpan> gaps = gaps_of_line(line, false);
  if (first_unsafe(line, gaps) < gaps.size()) gaps = gaps_of_line(line, true);
  if (const std::size_t unsafe = first_unsafe(line, gaps); unsafe < gaps.size()) {
    // From there on all is one gap.
    gaps.resize(unsafe + 1);
    gaps.back().size = static_cast<std::uint32_t>(line.size()) - gaps.back().begin;
  }
  return sketch_of(line, gaps);
}

std::optional<LineSketch> sketch_message(std::string_view message, std::string_view then) {
  if (!is_plain_literal(then)) return std::nullopt;
  const std::string text = std::string(message).append(then);
  std::vector<TextSpan> words;
  if (columnar::split_text(message, columnar::kNestingMax, words)) {
    Gaps gaps(text);
    for (const TextSpan& word : words) gaps.add(word.begin, word.begin + word.size);
    const std::vector<TextSpan> spans = gaps.finish();
    if (first_unsafe(text, spans) == spans.size()) return sketch_of(text, spans);
  }
  if (!is_safe_gap(message, then)) return std::nullopt;
  return sketch_of(text, std::vector<TextSpan>{{0, static_cast<std::uint32_t>(message.size())}});
}

NotableFields notable_fields(std::span<const columnar::Field> fields) {
  NotableFields out;
  std::size_t message = kMessageNames.size(), level = kLevelNames.size();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].path.empty() || fields[i].value == columnar::Field::Value::kArray) continue;
    if (const std::size_t found = rank(kMessageNames, fields[i]); found < message) {
      message = found;
      out.message = i;
    }
    if (const std::size_t found = rank(kLevelNames, fields[i]); found < level) {
      level = found;
      out.level = i;
    }
  }
  return out;
}

bool is_safe_gap(std::string_view gap, std::string_view then) {
  if (gap.empty()) return false;
  if (then.empty()) return true;
  if (gap.find(then[0]) == std::string_view::npos) return true;
  return std::string(gap).append(then).find(then) == gap.size();
}

bool is_plain_literal(std::string_view text) {
  while (!text.empty()) {
    const Front front = front_of(text);
    if (!front.plain) return false;
    text.remove_prefix(front.length);
  }
  return true;
}

}  // namespace trilobite::logql
