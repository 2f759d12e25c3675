#include "script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "metrics/go_number.h"

namespace trilobite::promqltest {
namespace {

using metrics::parse_go_float;

constexpr std::string_view kBlank = " \t\r";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return out;
}

// The next word, cut off `rest` with the blanks behind it.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_of(kBlank), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest = trim(rest.substr(end));
  return word;
}

struct Line {
  std::size_t number = 0;
  std::string_view text;  // trimmed; comments are empty
};

std::vector<Line> split_lines(std::string_view text) {
  std::vector<Line> out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim(text.substr(0, end));
    if (line.starts_with('#')) line = {};
    out.push_back({number, line});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// A Go string: "…" with escapes, or `…` as it stands.
Result<std::string> unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return error(Code::kInvalid, "{} is not quoted", text);
  const char quote = text.front();
  const std::string_view inner = text.substr(1, text.size() - 2);
  if (quote == '`') return std::string(inner);
  if (quote != '"') return error(Code::kInvalid, "{} is not quoted", text);
  std::string out;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] != '\\' || i + 1 == inner.size()) {
      out += inner[i];
      continue;
    }
    switch (inner[++i]) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'x': {
        unsigned code = 0;
        const std::string_view hex = inner.substr(i + 1, 2);
        const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
        if (hex.size() < 2 || read.ptr != hex.data() + 2) {
          return error(Code::kInvalid, "{} has an escape without two digits", text);
        }
        out += static_cast<char>(code);
        i += 2;
        break;
      }
      default:
        out += inner[i];
    }
  }
  return out;
}

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view text) : lines_(split_lines(text)) {}

  Script parse() {
    while (next_ < lines_.size()) {
      const Line& line = lines_[next_++];
      if (line.text.empty()) continue;
      if (const auto parsed = command(line); !parsed.ok()) {
        out_.errors.push_back(std::to_string(at_) + ": " + parsed.error().message);
        while (next_ < lines_.size() && !lines_[next_].text.empty()) ++next_;
      }
    }
    return std::move(out_);
  }

 private:
  Result<void> command(const Line& line) {
    at_ = line.number;
    std::string_view rest = line.text;
    const std::string word = lower(take_word(rest));
    if (word == "clear") {
      out_.commands.push_back({line.number, ClearCommand{}});
      return {};
    }
    if (word == "load" || word == "load_with_nhcb") return load(line.number, rest, word == "load_with_nhcb");
    if (word == "eval" || word == "eval_fail" || word == "eval_warn" || word == "eval_info" || word == "eval_ordered") {
      return eval(line.number, rest, word);
    }
    return error(Code::kInvalid, "unknown command \"{}\"", word);
  }

  Result<void> load(std::size_t number, std::string_view rest, bool with_custom_buckets) {
    LoadCommand load;
    load.with_custom_buckets = with_custom_buckets;
    TRY(step, parse_time(rest));
    if (step <= 0) return error(Code::kInvalid, "the step of load must be above 0");
    load.step = step;
    std::optional<std::pair<LabelSet, StartOffsets>> starts;  // of the series that comes next
    for (; next_ < lines_.size() && !lines_[next_].text.empty(); ++next_) {
      at_ = lines_[next_].number;
      const std::string_view text = lines_[next_].text;
      const std::size_t length = metrics::series_text_length(text);
      if (text.substr(length).starts_with("@st")) {
        if (starts) return error(Code::kInvalid, "a line of start times follows another");
        // As a series line, whose samples do not matter.
        TRY(series, metrics::parse_series_notation(std::string(text.substr(0, length)) + " _"));
        TRY(offsets, parse_start_offsets(trim(text.substr(length + 3))));
        starts.emplace(std::move(series.labels), std::move(offsets));
        continue;
      }
      TRY(series, metrics::parse_series_notation(text));
      // Of two lines with the same series the later one counts.
      std::erase_if(load.series, [&](const metrics::NotedSeries& other) { return other.labels == series.labels; });
      load.starts.erase(series.labels);
      if (starts) {
        if (starts->first != series.labels) return error(Code::kInvalid, "start times stand before another series");
        if (starts->second.size() != series.samples.size()) {
          return error(Code::kInvalid, "{} start times for {} samples", starts->second.size(), series.samples.size());
        }
        load.starts.insert(*std::exchange(starts, std::nullopt));
      }
      load.series.push_back(std::move(series));
    }
    if (starts) return error(Code::kInvalid, "no series follows the line of its start times");
    out_.commands.push_back({number, std::move(load)});
    return {};
  }

  Result<void> eval(std::size_t number, std::string_view rest, const std::string& word) {
    EvalCommand eval;
    if (word == "eval_fail") eval.failure.emplace();
    if (word == "eval_warn") eval.warnings.emplace_back();
    if (word == "eval_info") eval.infos.emplace_back();
    eval.ordered = word == "eval_ordered";
    const std::string kind = lower(take_word(rest));
    if (kind == "instant") {
      TRY_VOID(keyword("at", rest));
      TRY(at, parse_time(take_word(rest)));
      eval.start = eval.end = at;
    } else if (kind == "range") {
      eval.is_range = true;
      TRY(range, times(rest));
      std::tie(eval.start, eval.end, eval.step) = std::tuple(range.start, range.end, range.step);
    } else {
      return error(Code::kInvalid, "eval must be followed by instant or range, not \"{}\"", kind);
    }
    if (rest.empty()) return error(Code::kInvalid, "eval has no query");
    eval.query = rest;
    for (; next_ < lines_.size() && !lines_[next_].text.empty(); ++next_) {
      at_ = lines_[next_].number;
      TRY_VOID(expectation(eval, lines_[next_].text));
    }
    out_.commands.push_back({number, std::move(eval)});
    return {};
  }

  // from A to B step S
  static Result<EvalCommand::RangeVector> times(std::string_view& rest) {
    TRY_VOID(keyword("from", rest));
    TRY(start, parse_time(take_word(rest)));
    TRY_VOID(keyword("to", rest));
    TRY(end, parse_time(take_word(rest)));
    TRY_VOID(keyword("step", rest));
    TRY(step, parse_time(take_word(rest)));
    if (step <= 0 || end < start) return error(Code::kInvalid, "a range must go forward");
    return EvalCommand::RangeVector{start, end, step};
  }

  static Result<void> keyword(std::string_view word, std::string_view& rest) {
    const std::string_view found = take_word(rest);
    if (lower(found) != word) return error(Code::kInvalid, "expected {}, found \"{}\"", word, found);
    return {};
  }

  Result<void> expectation(EvalCommand& eval, std::string_view line) {
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    if (word == "expect") return expect(eval, rest);
    if (word == "expected_fail_message" || word == "expected_fail_regexp") {
      const bool regex = word == "expected_fail_regexp";
      eval.failure = ExpectedText{regex ? ExpectedText::Kind::kRegex : ExpectedText::Kind::kMessage, std::string(rest)};
      return {};
    }
    if (const auto number = parse_go_float(line)) {
      eval.scalar = *number;
      return {};
    }
    TRY(series, metrics::parse_series_notation(line));
    eval.series.push_back(std::move(series));
    return {};
  }

  Result<void> expect(EvalCommand& eval, std::string_view rest) {
    const std::string_view word = take_word(rest);
    if (word == "fail") return text(rest, eval.failure.emplace());
    if (word == "warn") return text(rest, eval.warnings.emplace_back());
    if (word == "info") return text(rest, eval.infos.emplace_back());
    if (word == "string") {
      TRY(string, unquote(rest));
      eval.string = std::move(string);
      return {};
    }
    if (word == "range" && take_word(rest) == "vector") {
      TRY(range, times(rest));
      eval.range_vector = range;
      return {};
    }
    if (!rest.empty()) return error(Code::kInvalid, "unexpected \"{}\" behind expect {}", rest, word);
    if (word == "no_warn") {
      eval.no_warnings = true;
    } else if (word == "no_info") {
      eval.no_infos = true;
    } else if (word == "ordered") {
      eval.ordered = true;
    } else {
      return error(Code::kInvalid, "unknown expectation \"{}\"", word);
    }
    return {};
  }

  static Result<void> text(std::string_view rest, ExpectedText& out) {
    if (rest.empty()) return {};
    const bool regex = rest.starts_with("regex:");
    if (!regex && !rest.starts_with("msg:"))
      return error(Code::kInvalid, "expected msg: or regex:, found \"{}\"", rest);
    out.kind = regex ? ExpectedText::Kind::kRegex : ExpectedText::Kind::kMessage;
    out.text = trim(rest.substr(rest.find(':') + 1));
    return {};
  }

  std::vector<Line> lines_;
  std::size_t next_ = 0;
  std::size_t at_ = 0;  // the line being read
  Script out_;
};

}  // namespace

Result<TimeNs> parse_time(std::string_view text) {
  struct Unit {
    std::string_view name;
    TimeNs value;
  };
  // Longer names first: ms before m.
  static constexpr std::array kUnits{Unit{"ms", 1'000'000},
                                     Unit{"s", kNsPerSecond},
                                     Unit{"m", 60 * kNsPerSecond},
                                     Unit{"h", 3600 * kNsPerSecond},
                                     Unit{"d", 86400 * kNsPerSecond},
                                     Unit{"w", 604800 * kNsPerSecond},
                                     Unit{"y", 31536000 * kNsPerSecond}};
  if (const auto seconds = parse_go_float(text); seconds && std::fabs(*seconds) < 1e9) {
    return static_cast<TimeNs>(std::llround(*seconds * 1e3)) * 1'000'000;
  }
  const std::string_view whole = text;
  const bool minus = text.starts_with('-');
  if (minus) text.remove_prefix(1);
  TimeNs sum = 0;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_go_float(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto unit =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return text.starts_with(u.name); });
    if (!number || unit == kUnits.end() || *number * static_cast<double>(unit->value) > 1e18) {
      return error(Code::kInvalid, "\"{}\" is no time", whole);
    }
    sum += static_cast<TimeNs>(*number) * unit->value;
    text.remove_prefix(unit->name.size());
  }
  if (whole.empty()) return error(Code::kInvalid, "a time is missing");
  return minus ? -sum : sum;
}

namespace {

// `x12` at the end, taken off; nothing if there is none.
Result<std::optional<std::size_t>> take_repeats(std::string_view& item, std::size_t count_max) {
  const std::size_t at = item.rfind('x');
  if (at == item.npos) return std::optional<std::size_t>();
  const std::string_view digits = item.substr(at + 1);
  std::size_t count = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || count > count_max) {
    return error(Code::kInvalid, "\"{}\" is no number of repeats", digits);
  }
  item = item.substr(0, at);
  return std::optional<std::size_t>(count);
}

}  // namespace

Result<StartOffsets> parse_start_offsets(std::string_view text, std::size_t count_max) {
  StartOffsets out;
  while (!text.empty()) {
    std::string_view item = take_word(text);
    TRY(repeats, take_repeats(item, count_max));
    const std::size_t count = item == "_" ? repeats.value_or(1) : repeats.value_or(0) + 1;
    if (out.size() + count > count_max) return error(Code::kInvalid, "more than {} start times", count_max);
    if (item == "_") {
      out.resize(out.size() + count);
      continue;
    }
    const std::size_t sign = repeats ? item.find_first_of("+-", 1) : item.npos;
    TRY(first, parse_time(item.substr(0, sign)));
    TimeNs step = 0;
    if (sign != item.npos) {
      TRY(further, parse_time(item.substr(item[sign] == '+' ? sign + 1 : sign)));
      step = further;
    }
    for (std::size_t i = 0; i < count; ++i) out.push_back(first + static_cast<TimeNs>(i) * step);
  }
  return out;
}

Script parse_script(std::string_view text) { return ScriptParser(text).parse(); }

}  // namespace trilobite::promqltest
