// auto_timestamp (ours): recognises the usual timestamps at the beginning of a line, so that logs which were there
// before us get their true times. A line without one follows the line before it.
#include <unordered_map>

#include "agent/stages.h"
#include "agent/time_format.h"

namespace trilobite::agent {
namespace {

// A shape of text ('0' a digit, 'a' a letter, ' ' a blank or digit, others themselves) that is worth parsing, and the
// layouts to try on it. The shape is only a filter: it makes lines without a timestamp cheap.
struct Known {
  std::string_view shape;
  std::string_view layout;  // up to the seconds
};
constexpr std::array kKnown{
    Known{"0000-00-00T00:00:00", "2006-01-02T15:04:05"},   // RFC 3339, systemd, containers
    Known{"0000-00-00 00:00:00", "2006-01-02 15:04:05"},   // dpkg, Python, Java, PostgreSQL
    Known{"0000-00-00  00:00:00", "2006-01-02  15:04:05"},  // apt
    Known{"0000/00/00 00:00:00", "2006/01/02 15:04:05"},   // nginx errors, Go
    Known{"aaa  0 00:00:00", "Jan _2 15:04:05"},           // syslog
    Known{"aaa aaa  0 00:00:00 0000", "Mon Jan _2 15:04:05 2006"},  // ctime
    Known{"00/aaa/0000:00:00:00", "02/Jan/2006:15:04:05"},  // Apache and nginx access
};

constexpr TimeNs kFutureMax = 86400 * kNsPerSecond;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const char c = text[i];
    const bool same = shape[i] == '0'   ? is_digit(c)
                      : shape[i] == 'a' ? is_letter(c)
                      : shape[i] == ' ' ? c == ' ' || is_digit(c)
                                        : c == shape[i];
    if (!same) return false;
  }
  return true;
}

// What may stand behind the seconds (a fraction aside), and how a layout says so.
struct Offset {
  std::string_view shape;
  std::string_view layout;
};
constexpr std::array kOffsets{Offset{"+00:00", "-07:00"}, Offset{" +00:00", " -07:00"}, Offset{"+0000", "-0700"},
                              Offset{" +0000", " -0700"}, Offset{"+00", "-07"},         Offset{"Z", "Z07:00"},
                              Offset{" UTC", " MST"},     Offset{"", ""}};

bool has_offset(std::string_view text, std::string_view shape) {
  const std::size_t sign = shape.find('+');
  if (sign == std::string_view::npos) return text.starts_with(shape);
  if (text.size() <= sign || (text[sign] != '+' && text[sign] != '-')) return false;
  return text.starts_with(shape.substr(0, sign)) && has_shape(text.substr(sign + 1), shape.substr(sign + 1));
}

std::size_t fraction_length(std::string_view text) {
  if (text.size() < 2 || (text[0] != '.' && text[0] != ',') || !is_digit(text[1])) return 0;
  std::size_t out = 2;
  while (out < text.size() && is_digit(text[out])) ++out;
  return out;
}

// Finds and parses. Immutable.
class Recognizer {
 public:
  static Result<Recognizer> make(std::string_view zone) {
    Recognizer out;
    for (const Known& known : kKnown) {
      for (const Offset& offset : kOffsets) {
        TRY(format, TimeFormat::compile(std::string(known.layout) + std::string(offset.layout), zone));
        out.formats_.push_back(std::move(format));
      }
    }
    return out;
  }

  // A timestamp may start at the beginning, behind "<13>" or "[", or behind a few words.
  std::optional<TimeNs> find(std::string_view line, TimeNs now) const {
    constexpr std::size_t kSearchBytes = 120;
    constexpr int kWords = 3;
    if (auto time = parse_at(line, now)) return time;
    const std::string_view begin = line.substr(0, kSearchBytes);
    if (begin.starts_with('<')) {
      const std::size_t close = begin.find('>');
      if (close != std::string_view::npos && close < 6) return parse_at(line.substr(close + 1), now);
    }
    const std::size_t bracket = begin.find('[');
    if (bracket != std::string_view::npos) {
      if (auto time = parse_at(line.substr(bracket + 1), now)) return time;
    }
    std::size_t blank = begin.find(' ');
    for (int word = 1; word <= kWords && blank != std::string_view::npos; ++word) {
      if (auto time = parse_at(line.substr(blank + 1), now)) return time;
      blank = begin.find(' ', blank + 1);
    }
    return std::nullopt;
  }

 private:
  std::optional<TimeNs> parse_at(std::string_view text, TimeNs now) const {
    for (std::size_t i = 0; i < kKnown.size(); ++i) {
      const std::size_t length = kKnown[i].shape.size();
      if (!has_shape(text, kKnown[i].shape)) continue;
      const std::size_t fraction = fraction_length(text.substr(length));
      for (std::size_t k = 0; k < kOffsets.size(); ++k) {
        if (!has_offset(text.substr(length + fraction), kOffsets[k].shape)) continue;
        const std::string_view whole = text.substr(0, length + fraction + kOffsets[k].shape.size());
        const auto time = formats_[i * kOffsets.size() + k].parse(whole, now);
        // A time far in the future is something that the line speaks of.
        if (time && *time <= now + kFutureMax) return time;
      }
    }
    return std::nullopt;
  }

  std::vector<TimeFormat> formats_;  // of each Known with each Offset
};

class AutoTimestampStage final : public Stage {
 public:
  explicit AutoTimestampStage(Recognizer recognizer) : recognizer_(std::move(recognizer)) {}

  void run(Entries& entries, SourceId source) override {
    for (Entry& entry : entries) {
      const auto found = recognizer_.find(entry.line, entry.read_time);
      const auto state = states_.find(source);
      if (found) {
        State next{*found, *found};
        // Lines of one second stay in their order, and equal ones are not taken for a repetition.
        if (state != states_.end() && state->second.written == *found) next.given = state->second.given + 1;
        entry.time = next.given;
        states_[source] = next;
      } else if (state != states_.end()) {
        entry.time = ++state->second.given;
      }
    }
  }
  void forget(SourceId source) override { states_.erase(source); }

 private:
  struct State {
    TimeNs written = 0;  // in the last line that had a time
    TimeNs given = 0;    // to the last line
  };
  const Recognizer recognizer_;
  std::unordered_map<SourceId, State> states_;
};

}  // namespace

Result<StagePtr> make_auto_timestamp_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::string location;
  fields.text("location", location);
  auto recognizer = Recognizer::make(location);
  if (!recognizer.ok()) fields.mistake("location", recognizer.error().message);
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<AutoTimestampStage>(std::move(*recognizer)));
}

}  // namespace trilobite::agent
