// timestamp: the time of the entry out of an extracted value.
#include <unordered_map>

#include "agent/duration.h"
#include "agent/go_time.h"
#include "agent/stages.h"

namespace trilobite::agent {
namespace {

// Counts since 1970: name, and nanoseconds per unit.
struct UnixFormat {
  std::string_view name;
  TimeNs unit;
};
constexpr std::array kUnixFormats{UnixFormat{"Unix", kNsPerSecond}, UnixFormat{"UnixMs", 1'000'000},
                                  UnixFormat{"UnixUs", 1'000}, UnixFormat{"UnixNs", 1}};

std::optional<TimeNs> parse_unix(std::string_view text, TimeNs unit) {
  if (auto whole = parse_integer(text); whole.ok()) {
    if (*whole > INT64_MAX / unit || *whole < INT64_MIN / unit) return std::nullopt;
    return *whole * unit;
  }
  // Only seconds may have a fraction; its digits are taken as they are, because a double has too few.
  const std::size_t dot = text.find('.');
  if (unit != kNsPerSecond || dot == std::string_view::npos || dot + 1 == text.size()) return std::nullopt;
  auto seconds = parse_integer(text.substr(0, dot));
  std::string digits(text.substr(dot + 1, 9));
  digits.resize(9, '0');
  auto fraction = parse_integer(digits);
  if (!seconds.ok() || !fraction.ok() || *fraction < 0 || *seconds > INT64_MAX / unit - 1 || *seconds < 0) {
    return std::nullopt;
  }
  return *seconds * unit + *fraction;
}

enum class OnFailure : std::uint8_t { kFudge, kSkip };

class TimestampStage final : public Stage {
 public:
  TimestampStage(std::string source, std::vector<std::string> formats, std::shared_ptr<const TimeZone> zone,
                 OnFailure on_failure)
      : source_(std::move(source)), formats_(std::move(formats)), zone_(std::move(zone)), on_failure_(on_failure) {}

  void run(Entries& entries, SourceId source) override {
    for (Entry& entry : entries) {
      const auto time = parse(entry);
      if (time) {
        entry.time = *time;
        last_[source] = *time;
        continue;
      }
      if (on_failure_ != OnFailure::kFudge) continue;
      const auto last = last_.find(source);
      if (last != last_.end()) entry.time = ++last->second;
    }
  }
  void forget(SourceId source) override { last_.erase(source); }

 private:
  std::optional<TimeNs> parse(const Entry& entry) const {
    const std::string* text = entry.extracted.find(source_);
    if (text == nullptr) return std::nullopt;
    for (const std::string& format : formats_) {
      if (const auto time = parse_as(format, *text, entry.read_time)) return time;
    }
    return std::nullopt;
  }
  std::optional<TimeNs> parse_as(std::string_view format, const std::string& text, TimeNs now) const {
    for (const UnixFormat& each : kUnixFormats) {
      if (each.name == format) return parse_unix(text, each.unit);
    }
    auto time = parse_time(layout_of_name(format), text, zone_.get(), now);
    return time.ok() ? std::optional(*time) : std::nullopt;
  }

  const std::string source_;
  const std::vector<std::string> formats_;  // tried in this order
  const std::shared_ptr<const TimeZone> zone_;
  const OnFailure on_failure_;
  std::unordered_map<SourceId, TimeNs> last_;
};

Result<void> check_format(std::string_view format) {
  for (const UnixFormat& each : kUnixFormats) {
    if (each.name == format) return {};
  }
  return check_layout(layout_of_name(format));
}

}  // namespace

Result<StagePtr> make_timestamp_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::string source, format, location, on_failure = "fudge";
  std::vector<std::string> formats;
  fields.text("source", source);
  fields.text("format", format);
  fields.texts("fallback_formats", formats);
  fields.text("location", location);
  fields.text("action_on_failure", on_failure);
  if (source.empty()) fields.mistake("source", "must be given");
  formats.insert(formats.begin(), format);
  for (const std::string& each : formats) {
    if (auto good = check_format(each); !good.ok()) fields.mistake("format", good.error().message);
  }
  std::shared_ptr<const TimeZone> zone;
  if (!location.empty()) {
    auto found = TimeZone::find(location);
    if (found.ok()) {
      zone = std::move(*found);
    } else {
      fields.mistake("location", found.error().message);
    }
  }
  if (on_failure != "fudge" && on_failure != "skip") fields.mistake("action_on_failure", "must be fudge or skip");
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<TimestampStage>(source, std::move(formats), std::move(zone),
                                                   on_failure == "fudge" ? OnFailure::kFudge : OnFailure::kSkip));
}

}  // namespace trilobite::agent
