// auto_timestamp (ours): recognises the usual timestamps at the beginning of a line, so that logs which were there
// before us get their true times. A line without one follows the line before it.
#include <unordered_map>

#include "agent/go_time.h"
#include "agent/stages.h"

namespace trilobite::agent {
namespace {

// A shape of text ('0' a digit, 'a' a letter, ' ' a blank or digit, others themselves) that is worth parsing, and the
// layouts to try on it. The shape is only a filter: it makes lines without a timestamp cheap.
struct Known {
  std::string_view shape;
  std::string_view layout;  // up to the seconds; fraction and offset are found by themselves
};
constexpr std::array kKnown{
    Known{"0000-00-00T00:00:00", "2006-01-02T15:04:05"},   // RFC 3339, systemd, containers
    Known{"0000-00-00 00:00:00", "2006-01-02 15:04:05"},   // dpkg, Python, Java, PostgreSQL
    Known{"0000/00/00 00:00:00", "2006/01/02 15:04:05"},   // nginx errors, Go
    Known{"aaa  0 00:00:00", "Jan _2 15:04:05"},           // syslog
    Known{"aaa aaa  0 00:00:00 0000", "Mon Jan _2 15:04:05 2006"},  // ctime
    Known{"00/aaa/0000:00:00:00", "02/Jan/2006:15:04:05"},  // Apache and nginx access
};

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

// ".123", ",123" behind the seconds, then an offset such as "Z", " +0200", "+02:00" or " UTC".
struct Tail {
  std::size_t fraction = 0;  // length
  std::string_view offset_layout;
  std::size_t offset = 0;
};
Tail tail_of(std::string_view rest) {
  Tail out;
  if (rest.size() > 1 && (rest[0] == '.' || rest[0] == ',') && is_digit(rest[1])) {
    out.fraction = 2;
    while (out.fraction < rest.size() && is_digit(rest[out.fraction])) ++out.fraction;
    rest.remove_prefix(out.fraction);
  }
  if (has_shape(rest, "Z") && (rest.size() == 1 || !is_letter(rest[1]))) return {out.fraction, "Z07:00", 1};
  if (rest.starts_with(" UTC")) return {out.fraction, " MST", 4};
  const bool blank = rest.starts_with(' ');
  const std::string_view sign = rest.substr(blank);
  if (sign.empty() || (sign[0] != '+' && sign[0] != '-')) return out;
  if (has_shape(sign.substr(1), "00:00")) return {out.fraction, blank ? " -07:00" : "-07:00", 6u + blank};
  if (has_shape(sign.substr(1), "0000")) return {out.fraction, blank ? " -0700" : "-0700", 5u + blank};
  if (has_shape(sign.substr(1), "00") && !blank) return {out.fraction, "-07", 3};
  return out;
}

std::optional<TimeNs> parse_at(std::string_view text, const TimeZone* zone, TimeNs now) {
  for (const Known& known : kKnown) {
    if (!has_shape(text, known.shape)) continue;
    const Tail tail = tail_of(text.substr(known.shape.size()));
    const std::string layout = std::string(known.layout) + std::string(tail.offset_layout);
    const std::string_view whole = text.substr(0, known.shape.size() + tail.fraction + tail.offset);
    if (auto time = parse_time(layout, whole, zone, now); time.ok()) return *time;
  }
  return std::nullopt;
}

// Where a timestamp may start: at the beginning, behind "[" or "<13>" or a few words (access logs: address, user).
std::optional<TimeNs> find_time(std::string_view line, const TimeZone* zone, TimeNs now) {
  constexpr std::size_t kSearchBytes = 120;
  if (auto time = parse_at(line, zone, now)) return time;
  const std::string_view begin = line.substr(0, kSearchBytes);
  if (begin.starts_with('<')) {
    const std::size_t close = begin.find('>');
    if (close != std::string_view::npos && close < 6) return parse_at(line.substr(close + 1), zone, now);
  }
  const std::size_t bracket = begin.find('[');
  if (bracket != std::string_view::npos) {
    if (auto time = parse_at(line.substr(bracket + 1), zone, now)) return time;
  }
  // dpkg's alternatives: "update-alternatives 2026-01-15 10:00:00: ..."
  const std::size_t word = begin.find(' ');
  return word == std::string_view::npos ? std::nullopt : parse_at(line.substr(word + 1), zone, now);
}

class AutoTimestampStage final : public Stage {
 public:
  explicit AutoTimestampStage(std::shared_ptr<const TimeZone> zone) : zone_(std::move(zone)) {}

  void run(Entries& entries, SourceId source) override {
    for (Entry& entry : entries) {
      const auto found = find_time(entry.line, zone_.get(), entry.read_time);
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
  const std::shared_ptr<const TimeZone> zone_;
  std::unordered_map<SourceId, State> states_;
};

}  // namespace

Result<StagePtr> make_auto_timestamp_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::string location;
  fields.text("location", location);
  std::shared_ptr<const TimeZone> zone;
  if (!location.empty()) {
    auto found = TimeZone::find(location);
    if (found.ok()) {
      zone = std::move(*found);
    } else {
      fields.mistake("location", found.error().message);
    }
  }
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<AutoTimestampStage>(std::move(zone)));
}

}  // namespace trilobite::agent
