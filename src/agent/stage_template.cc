// template: makes an extracted value, or changes it.
#include "agent/entry_template.h"
#include "agent/stages.h"

namespace trilobite::agent {
namespace {

class TemplateStage final : public Stage {
 public:
  TemplateStage(std::string source, EntryTemplate text) : source_(std::move(source)), text_(std::move(text)) {}

  void run(Entries& entries, SourceId) override {
    for (Entry& entry : entries) {
      const std::string made = text_.render(entry, entry.extracted.get(source_));
      if (made.empty()) {
        entry.extracted.erase(source_);
      } else {
        entry.extracted.set(source_, made);
      }
    }
  }

 private:
  const std::string source_;
  const EntryTemplate text_;
};

}  // namespace

Result<StagePtr> make_template_stage(const yaml::Node& config, const std::string& where, const StageContext&) {
  Fields fields(&config, where);
  std::string source, text;
  fields.text("source", source);
  fields.text("template", text);
  if (source.empty()) fields.mistake("source", "must be given");
  if (text.empty()) fields.mistake("template", "must be given");
  auto compiled = EntryTemplate::compile(text);
  if (!compiled.ok()) fields.mistake("template", compiled.error().message);
  TRY_VOID(fields.finish());
  return StagePtr(std::make_unique<TemplateStage>(source, std::move(*compiled)));
}

}  // namespace trilobite::agent
