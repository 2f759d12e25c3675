// Stages that change the line: output, replace, decolorize, pack.
#include <re2/re2.h>

#include <algorithm>

#include "agent/entry_template.h"
#include "agent/regex.h"
#include "agent/stages.h"
#include "base/json_writer.h"

namespace trilobite::agent {
namespace {

class OutputStage final : public Stage {
 public:
  explicit OutputStage(std::string source) : source_(std::move(source)) {}
  void run(Entries& entries, SourceId) override {
    for (Entry& entry : entries) {
      if (const std::string* value = entry.extracted.find(source_)) entry.line = *value;
    }
  }

 private:
  const std::string source_;
};

// Everything that a group captures is replaced; what the expression matches outside of groups stays.
class ReplaceStage final : public Stage {
 public:
  ReplaceStage(std::unique_ptr<const re2::RE2> regex, std::string source, EntryTemplate replacement)
      : regex_(std::move(regex)),
        source_(std::move(source)),
        replacement_(std::move(replacement)),
        groups_(static_cast<std::size_t>(regex_->NumberOfCapturingGroups()) + 1) {}

  void run(Entries& entries, SourceId) override {
    for (Entry& entry : entries) {
      const std::string* text = source_of(entry, source_);
      if (text == nullptr) continue;
      std::string changed = replace(*text, entry);
      if (source_.empty()) {
        entry.line = std::move(changed);
      } else {
        entry.extracted.set(source_, changed);
      }
    }
  }

 private:
  std::string replace(const std::string& text, Entry& entry) {
    std::string out;
    std::size_t from = 0;    // where the next match may start
    std::size_t copied = 0;  // text up to here is in `out`
    std::vector<std::pair<const std::string*, std::string>> named;
    while (from <= text.size() && regex_->Match(text, from, text.size(), re2::RE2::UNANCHORED, groups_.data(),
                                                static_cast<int>(groups_.size()))) {
      for (std::size_t i = 1; i < groups_.size(); ++i) {
        const re2::StringPiece& group = groups_[i];
        if (group.data() == nullptr) continue;
        const auto begin = static_cast<std::size_t>(group.data() - text.data());
        if (begin < copied) continue;  // within a group that was replaced already
        const std::string value = replacement_.render(entry, {group.data(), group.size()});
        out.append(text, copied, begin - copied);
        out += value;
        copied = begin + group.size();
        const auto name = regex_->CapturingGroupNames().find(static_cast<int>(i));
        if (name != regex_->CapturingGroupNames().end()) named.emplace_back(&name->second, value);
      }
      const std::size_t end = static_cast<std::size_t>(groups_[0].data() - text.data()) + groups_[0].size();
      from = groups_[0].empty() ? end + 1 : end;
    }
    out.append(text, copied);
    // Only now: `text` may be one of these values.
    for (const auto& [name, value] : named) entry.extracted.set(*name, value);
    return out;
  }

  const std::unique_ptr<const re2::RE2> regex_;
  const std::string source_;
  const EntryTemplate replacement_;
  std::vector<re2::StringPiece> groups_;
};

// ESC [ parameters letter. Anything else that starts with ESC stays.
std::string remove_colors(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\x1B' && i + 1 < text.size() && text[i + 1] == '[') {
      std::size_t end = i + 2;
      while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == ';' || text[end] == '?'))
        ++end;
      if (end < text.size() && text[end] >= '@' && text[end] <= '~') {
        i = end + 1;
        continue;
      }
    }
    out.push_back(text[i++]);
  }
  return out;
}

class DecolorizeStage final : public Stage {
 public:
  void run(Entries& entries, SourceId) override {
    for (Entry& entry : entries) {
      if (entry.line.find('\x1B') != std::string::npos) entry.line = remove_colors(entry.line);
    }
  }
};

class PackStage final : public Stage {
 public:
  PackStage(std::vector<std::string> names, bool ingest_timestamp)
      : names_(std::move(names)), ingest_(ingest_timestamp) {}

  void run(Entries& entries, SourceId) override {
    for (Entry& entry : entries) {
      std::string out;
      JsonWriter json(out);
      json.begin_object();
      for (const std::string& name : names_) {
        const std::string* value = entry.labels.find(name);
        if (value == nullptr) value = entry.extracted.find(name);
        if (value == nullptr) continue;
        json.key(name).string(*value);
        entry.labels.erase(name);
      }
      json.key("_entry").string(entry.line);
      json.end_object();
      entry.line = std::move(out);
      if (ingest_) entry.time = entry.read_time;
    }
  }

 private:
  const std::vector<std::string> names_;
  const bool ingest_;
};

}  // namespace

Result<StagePtr> make_output_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::string source;
  fields.text("source", source);
  if (source.empty()) fields.mistake("source", "must be given");
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<OutputStage>(source));
}

Result<StagePtr> make_replace_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::string expression, source, replacement;
  fields.text("expression", expression);
  fields.text("source", source);
  fields.text("replace", replacement);
  auto regex = compile_regex(expression);
  if (expression.empty()) {
    fields.mistake("expression", "must be given");
  } else if (!regex.ok()) {
    fields.mistake("expression", regex.error().message);
  } else if ((*regex)->NumberOfCapturingGroups() == 0) {
    fields.mistake("expression", "must have at least one group: only what groups capture is replaced");
  }
  auto compiled = EntryTemplate::compile(replacement);
  if (!compiled.ok()) fields.mistake("replace", compiled.error().message);
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<ReplaceStage>(std::move(*regex), source, std::move(*compiled)));
}

Result<StagePtr> make_decolorize_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  TRY_VOID(Fields(&config, where).finish());
  return StagePtr(std::make_unique<DecolorizeStage>());
}

Result<StagePtr> make_pack_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::vector<std::string> names;
  bool ingest_timestamp = true;
  fields.texts("labels", names);
  fields.boolean("ingest_timestamp", ingest_timestamp);
  TRY_VOID(fields.finish());
  std::sort(names.begin(), names.end());
  return StagePtr(std::make_unique<PackStage>(std::move(names), ingest_timestamp));
}

}  // namespace trilobite::agent
