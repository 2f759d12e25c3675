// match: a LogQL selector chooses lines, and a pipeline of their own runs on them or they are dropped.
#include <re2/re2.h>

#include <unordered_map>

#include "agent/pipeline.h"
#include "agent/stages.h"
#include "base/hash.h"
#include "columnar/label_set.h"
#include "logs/parser.h"
#include "logs/pipeline.h"

namespace trilobite::agent {
namespace {

// Labels of the lines of a file hardly differ; past this the memory of them starts anew.
constexpr std::size_t kLabelSetsMax = 1000;

// Whether a line passes a log query. What its stages change is not kept.
class Selector {
 public:
  static Result<std::unique_ptr<Selector>> parse(const std::string& text) {
    TRY(expression, logql::parse(text));
    auto* log = std::get_if<logql::LogExpr>(&expression.node);
    if (log == nullptr) return error(Code::kInvalid, "\"{}\" must select lines, not compute numbers", text);
    auto out = std::unique_ptr<Selector>(new Selector);
    for (const Matcher& matcher : log->matchers) {
      Condition condition{matcher.name, matcher.op, matcher.value, nullptr};
      if (matcher.op == MatchOp::kRegex || matcher.op == MatchOp::kNotRegex) {
        condition.regex = std::make_unique<re2::RE2>("(?s:" + matcher.value + ")", re2::RE2::Quiet);
        if (!condition.regex->ok()) return error(Code::kInvalid, "\"{}\": {}", text, condition.regex->error());
      }
      out->conditions_.push_back(std::move(condition));
    }
    if (!log->stages.empty()) {
      TRY(pipeline, logql::Pipeline::compile(*log, {}));
      out->pipeline_.emplace(std::move(pipeline));
      out->worker_.emplace(*out->pipeline_);
    }
    return out;
  }

  bool matches(const Entry& entry) {
    for (const Condition& condition : conditions_) {
      if (!condition.holds(entry.labels.get(condition.name))) return false;
    }
    if (!worker_) return true;
    worker_->begin_stream(label_set_of(entry.labels));
    return worker_->process(entry.time, entry.line, {});
  }

 private:
  struct Condition {
    std::string name;
    MatchOp op;
    std::string value;
    std::unique_ptr<re2::RE2> regex;

    bool holds(std::string_view text) const {
      const re2::StringPiece piece(text.data(), text.size());
      switch (op) {
        case MatchOp::kEqual: return text == value;
        case MatchOp::kNotEqual: return text != value;
        case MatchOp::kRegex: return re2::RE2::FullMatch(piece, *regex);
        case MatchOp::kNotRegex: return !re2::RE2::FullMatch(piece, *regex);
      }
      return false;
    }
  };

  // The worker knows streams by the address of their labels, so a set must stay as long as the worker.
  const LabelSet& label_set_of(const Labels& labels) {
    if (last_ != nullptr && labels == last_labels_) return *last_;
    LabelSet set = LabelSet::from_pairs({labels.begin(), labels.end()});
    if (sets_.size() >= kLabelSetsMax) {
      worker_.emplace(*pipeline_);
      sets_.clear();
    }
    std::string key(set.bytes());
    auto& kept = sets_[std::move(key)];
    if (kept == nullptr) kept = std::make_unique<LabelSet>(std::move(set));
    last_ = kept.get();
    last_labels_ = labels;
    return *kept;
  }

  std::vector<Condition> conditions_;
  std::optional<logql::Pipeline> pipeline_;
  std::optional<logql::PipelineWorker> worker_;
  std::unordered_map<std::string, std::unique_ptr<LabelSet>> sets_;
  const LabelSet* last_ = nullptr;
  Labels last_labels_;
};

class MatchDropStage final : public Stage {
 public:
  MatchDropStage(std::unique_ptr<Selector> selector, std::string reason, Metrics& metrics)
      : selector_(std::move(selector)), reason_(std::move(reason)), metrics_(metrics) {}

  void run(Entries& entries, SourceId) override {
    metrics_.drop_lines(reason_, std::erase_if(entries, [&](const Entry& entry) { return selector_->matches(entry); }));
  }

 private:
  const std::unique_ptr<Selector> selector_;
  const std::string reason_;
  Metrics& metrics_;
};

// Lines that match go through the inner stages in runs, so that the order of the source stays.
class MatchKeepStage final : public Stage {
 public:
  MatchKeepStage(std::unique_ptr<Selector> selector, Pipeline inner)
      : selector_(std::move(selector)), inner_(std::move(inner)) {}

  void run(Entries& entries, SourceId source) override {
    Entries out, matched;
    out.reserve(entries.size());
    const auto flush = [&] {
      inner_.run(matched, source);
      std::move(matched.begin(), matched.end(), std::back_inserter(out));
      matched.clear();
    };
    for (Entry& entry : entries) {
      if (selector_->matches(entry)) {
        matched.push_back(std::move(entry));
      } else {
        flush();
        out.push_back(std::move(entry));
      }
    }
    flush();
    entries = std::move(out);
  }
  void release(Entries& out, SourceId source, std::chrono::nanoseconds now, bool all) override {
    inner_.release(out, source, now, all);
  }
  std::optional<std::uint64_t> held_from(SourceId source) const override { return inner_.held_from(source); }
  void forget(SourceId source) override { inner_.forget(source); }

 private:
  const std::unique_ptr<Selector> selector_;
  Pipeline inner_;
};

}  // namespace

Result<StagePtr> make_match_stage(const yaml::Node& config, const std::string& where, const StageContext& context) {
  Fields fields(&config, where);
  std::string text, action = "keep", reason = "match_stage", ignored;
  fields.text("selector", text);
  fields.text("action", action);
  fields.text("drop_counter_reason", reason);
  fields.text("pipeline_name", ignored);
  const yaml::Node* stages = fields.node("stages");
  auto selector = Selector::parse(text);
  if (text.empty()) {
    fields.mistake("selector", "must be given");
  } else if (!selector.ok()) {
    fields.mistake("selector", selector.error().message);
  }
  if (action != "keep" && action != "drop") fields.mistake("action", "must be keep or drop");
  if (action == "keep" && stages == nullptr) fields.mistake("stages", "must be given for action keep");
  if (action == "drop" && stages != nullptr) fields.mistake("stages", "must not be given for action drop");
  TRY_VOID(fields.finish());
  if (action == "drop") {
    return StagePtr(std::make_unique<MatchDropStage>(std::move(*selector), reason, context.metrics));
  }
  TRY(inner, Pipeline::build(*stages, where + ".stages", context));
  return StagePtr(std::make_unique<MatchKeepStage>(std::move(*selector), std::move(inner)));
}

}  // namespace trilobite::agent
