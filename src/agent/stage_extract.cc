// regex and logfmt: named values out of the line or an extracted value.
#include <re2/re2.h>

#include "agent/regex.h"
#include "agent/stages.h"
#include "logs/stage_logfmt.h"
#include "logs/text.h"

namespace trilobite::agent {
namespace {

class RegexStage final : public Stage {
 public:
  RegexStage(std::unique_ptr<const re2::RE2> regex, std::string source)
      : regex_(std::move(regex)), source_(std::move(source)),
        groups_(static_cast<std::size_t>(regex_->NumberOfCapturingGroups()) + 1) {}

  void run(Entries& entries, SourceId) override {
    for (Entry& entry : entries) {
      const std::string* text = source_of(entry, source_);
      if (text == nullptr || !regex_->Match(*text, 0, text->size(), re2::RE2::UNANCHORED, groups_.data(),
                                            static_cast<int>(groups_.size()))) {
        continue;
      }
      for (const auto& [index, name] : regex_->CapturingGroupNames()) {
        const re2::StringPiece& group = groups_[static_cast<std::size_t>(index)];
        values_.emplace_back(&name, std::string(group.data() ? group.data() : "", group.size()));
      }
      // Only now, because the groups may lie in the extracted value that is replaced.
      for (const auto& [name, value] : values_) entry.extracted.set(*name, value);
      values_.clear();
    }
  }

 private:
  const std::unique_ptr<const re2::RE2> regex_;
  const std::string source_;
  std::vector<re2::StringPiece> groups_;
  std::vector<std::pair<const std::string*, std::string>> values_;
};

class LogfmtStage final : public Stage {
 public:
  LogfmtStage(std::vector<std::pair<std::string, std::string>> names_by_key, std::string source)
      : names_by_key_(std::move(names_by_key)), source_(std::move(source)) {}

  void run(Entries& entries, SourceId) override {
    for (Entry& entry : entries) {
      const std::string* text = source_of(entry, source_);
      if (text == nullptr) continue;
      for (logql::LogfmtScanner scanner(*text); scanner.next();) {
        if (scanner.ok()) keep(scanner);
      }
      // Only now, because the text may be the extracted value that is replaced.
      for (const auto& [name, value] : found_) entry.extracted.set(*name, value);
      found_.clear();
    }
  }

 private:
  void keep(const logql::LogfmtScanner& scanner) {
    for (const auto& [key, name] : names_by_key_) {
      if (key != scanner.key()) continue;
      std::string value(scanner.value());
      if (scanner.escaped()) value = logql::unquote(scanner.value()).value_or(value);
      found_.emplace_back(&name, std::move(value));
    }
  }

  const std::vector<std::pair<std::string, std::string>> names_by_key_;
  const std::string source_;
  std::vector<std::pair<const std::string*, std::string>> found_;
};

}  // namespace

Result<StagePtr> make_regex_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::string expression, source;
  fields.text("expression", expression);
  fields.text("source", source);
  auto regex = compile_regex(expression);
  if (expression.empty()) {
    fields.mistake("expression", "must be given");
  } else if (!regex.ok()) {
    fields.mistake("expression", regex.error().message);
  } else if ((*regex)->NamedCapturingGroups().empty()) {
    fields.mistake("expression", "must have at least one named group, such as (?P<level>\\w+)");
  }
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<RegexStage>(std::move(*regex), source));
}

Result<StagePtr> make_logfmt_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::vector<std::pair<std::string, std::string>> mapping, names_by_key;
  std::string source;
  fields.text_map("mapping", mapping);
  fields.text("source", source);
  if (mapping.empty()) fields.mistake("mapping", "must be given");
  TRY_VOID(fields.finish());
  for (const auto& [name, key] : mapping) names_by_key.emplace_back(key.empty() ? name : key, name);
  return StagePtr(std::make_unique<LogfmtStage>(std::move(names_by_key), source));
}

}  // namespace trilobite::agent
