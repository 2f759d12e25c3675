// Stages that drop lines: drop, limit, sampling.
#include <re2/re2.h>

#include <cmath>
#include <unordered_map>

#include "agent/regex.h"
#include "agent/stages.h"
#include "agent/token_bucket.h"
#include "base/hash.h"

namespace trilobite::agent {
namespace {

struct DropConditions {
  std::vector<std::string> sources;
  std::string separator = ";";
  std::unique_ptr<const re2::RE2> expression;
  std::optional<std::string> value;
  std::optional<std::chrono::nanoseconds> older_than;
  std::optional<std::uint64_t> longer_than;
};

class DropStage final : public Stage {
 public:
  DropStage(DropConditions conditions, std::string reason, const StageContext& context)
      : when_(std::move(conditions)), reason_(std::move(reason)), context_(context) {}

  void run(Entries& entries, SourceId) override {
    const TimeNs now = context_.clock.now();
    context_.metrics.drop_lines(reason_, std::erase_if(entries, [&](const Entry& entry) { return drops(entry, now); }));
  }

 private:
  bool drops(const Entry& entry, TimeNs now) const {
    if (when_.longer_than && entry.line.size() <= *when_.longer_than) return false;
    if (when_.older_than && now - entry.time <= when_.older_than->count()) return false;
    if (when_.sources.empty())
      return when_.expression == nullptr || re2::RE2::PartialMatch(entry.line, *when_.expression);
    std::string text;
    for (std::size_t i = 0; i < when_.sources.size(); ++i) {
      const std::string* part = entry.extracted.find(when_.sources[i]);
      if (part == nullptr) return false;
      if (i > 0) text += when_.separator;
      text += *part;
    }
    if (when_.value && text != *when_.value) return false;
    return when_.expression == nullptr || re2::RE2::PartialMatch(text, *when_.expression);
  }

  const DropConditions when_;
  const std::string reason_;
  const StageContext context_;
};

// Entries over the rate are dropped; with a label, each of its values has a rate of its own.
class LimitStage final : public Stage {
 public:
  LimitStage(double rate, double burst, std::string label, std::size_t values_max, const StageContext& context)
      : rate_(rate),
        burst_(burst),
        label_(std::move(label)),
        values_max_(values_max),
        context_(context),
        all_(rate, burst) {}

  void run(Entries& entries, SourceId) override {
    const auto now = context_.clock.steady();
    context_.metrics.drop_lines("rate_limit_stage", std::erase_if(entries, [&](const Entry& entry) {
                                  TokenBucket* bucket = bucket_of(entry);
                                  return bucket != nullptr && !bucket->take(now);
                                }));
  }

 private:
  TokenBucket* bucket_of(const Entry& entry) {
    if (label_.empty()) return &all_;
    const std::string* value = entry.labels.find(label_);
    if (value == nullptr) return nullptr;
    if (by_value_.size() >= values_max_ && !by_value_.contains(*value)) by_value_.clear();  // as Promtail resets
    return &by_value_.try_emplace(*value, rate_, burst_).first->second;
  }

  const double rate_, burst_;
  const std::string label_;
  const std::size_t values_max_;
  const StageContext context_;
  TokenBucket all_;
  std::unordered_map<std::string, TokenBucket> by_value_;
};

class SamplingStage final : public Stage {
 public:
  SamplingStage(double rate, Metrics& metrics) : rate_(rate), metrics_(metrics) {}

  void run(Entries& entries, SourceId) override {
    metrics_.drop_lines("sampling_stage", std::erase_if(entries, [&](const Entry&) { return !keeps(); }));
  }

 private:
  bool keeps() {
    const std::uint64_t count = ++count_;
    const std::string_view bytes(reinterpret_cast<const char*>(&count), sizeof count);
    return static_cast<double>(hash64(bytes) >> 11) * 0x1.0p-53 < rate_;
  }

  const double rate_;
  Metrics& metrics_;
  std::uint64_t count_ = 0;
};

}  // namespace

Result<StagePtr> make_drop_stage(const yaml::Node& config, const std::string& where, const StageContext& context) {
  Fields fields(&config, where);
  DropConditions when;
  std::string expression, value, reason = "drop_stage";
  std::chrono::nanoseconds older{0};
  std::uint64_t longer = 0;
  fields.texts("source", when.sources);
  fields.text("separator", when.separator);
  fields.text("expression", expression);
  fields.text("drop_counter_reason", reason);
  const bool has_value = config.find("value") != nullptr;
  fields.text("value", value);
  fields.duration("older_than", older);
  fields.byte_size("longer_than", longer);
  if (has_value) when.value = value;
  if (older.count() > 0) when.older_than = older;
  if (longer > 0) when.longer_than = longer;
  if (!expression.empty()) {
    auto regex = compile_regex(expression);
    if (regex.ok()) {
      when.expression = std::move(*regex);
    } else {
      fields.mistake("expression", regex.error().message);
    }
    if (has_value) fields.mistake("value", "only one of value and expression may be given");
  }
  if (has_value && when.sources.empty()) fields.mistake("value", "needs a source");
  if (when.sources.empty() && expression.empty() && !when.older_than && !when.longer_than) {
    fields.mistake("source", "at least one of source, expression, older_than and longer_than must be given");
  }
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<DropStage>(std::move(when), reason, context));
}

Result<StagePtr> make_limit_stage(const yaml::Node& config, const std::string& where, const StageContext& context) {
  Fields fields(&config, where);
  double rate = 0;
  std::int64_t burst = 0, values_max = 10'000;
  bool drop = false;
  std::string label;
  fields.number("rate", rate);
  fields.integer("burst", burst, 1, INT64_MAX);
  fields.boolean("drop", drop);
  fields.text("by_label_name", label);
  fields.integer("max_distinct_labels", values_max, 1, 10'000'000);
  if (rate <= 0) fields.mistake("rate", "must be positive");
  if (burst <= 0) fields.mistake("burst", "must be positive");
  if (!drop) fields.mistake("drop", "false (waiting) is not supported yet; set it to true");
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<LimitStage>(rate, static_cast<double>(burst), label,
                                               static_cast<std::size_t>(values_max), context));
}

Result<StagePtr> make_sampling_stage(const yaml::Node& config, const std::string& where, const StageContext& context) {
  Fields fields(&config, where);
  double rate = -1;
  fields.number("rate", rate);
  if (!(rate >= 0 && rate <= 1)) fields.mistake("rate", "must be given, from 0 to 1");
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<SamplingStage>(rate, context.metrics));
}

}  // namespace trilobite::agent
