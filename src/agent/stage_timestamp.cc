// timestamp: the time of the entry out of an extracted value.
#include <unordered_map>

#include "agent/stages.h"
#include "agent/time_format.h"

namespace trilobite::agent {
namespace {

enum class OnFailure : std::uint8_t { kFudge, kSkip };

class TimestampStage final : public Stage {
 public:
  TimestampStage(std::string source, std::vector<TimeFormat> formats, OnFailure on_failure)
      : source_(std::move(source)), formats_(std::move(formats)), on_failure_(on_failure) {}

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
    for (const TimeFormat& format : formats_) {
      if (const auto time = format.parse(*text, entry.read_time)) return time;
    }
    return std::nullopt;
  }

  const std::string source_;
  const std::vector<TimeFormat> formats_;  // tried in this order
  const OnFailure on_failure_;
  std::unordered_map<SourceId, TimeNs> last_;
};

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
  std::vector<TimeFormat> compiled;
  formats.insert(formats.begin(), format);
  for (const std::string& each : formats) {
    auto made = TimeFormat::compile(each, location);
    if (made.ok()) {
      compiled.push_back(std::move(*made));
    } else {
      fields.mistake("format", made.error().message);
    }
  }
  if (on_failure != "fudge" && on_failure != "skip") fields.mistake("action_on_failure", "must be fudge or skip");
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<TimestampStage>(
      source, std::move(compiled), on_failure == "fudge" ? OnFailure::kFudge : OnFailure::kSkip));
}

}  // namespace trilobite::agent
