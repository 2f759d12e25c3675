#include "agent/entry_template.h"

namespace trilobite::agent {
namespace {

class Input final : public logql::TemplateInput {
 public:
  Input(const Entry& entry, std::string_view value) : entry_(entry), value_(value) {
    line = entry.line;
    time = entry.time;
    now = entry.read_time;
  }
  std::string_view label(std::string_view name) const override {
    if (name == "Value") return value_;
    if (name == "Entry") return entry_.line;
    return entry_.extracted.get(name);
  }
  std::vector<std::pair<std::string_view, std::string_view>> labels() const override {
    return {entry_.extracted.begin(), entry_.extracted.end()};
  }

 private:
  const Entry& entry_;
  std::string_view value_;
};

}  // namespace

Result<EntryTemplate> EntryTemplate::compile(const std::string& text) {
  EntryTemplate out;
  if (text.find("{{") == std::string::npos) {
    out.plain_ = text;
    return out;
  }
  TRY(compiled, logql::Template::compile(text));
  out.compiled_.emplace(std::move(compiled));
  return out;
}

std::string EntryTemplate::render(const Entry& entry, std::string_view value) const {
  if (!compiled_) return plain_;
  std::string out;
  const Input input(entry, value);
  static_cast<void>(compiled_->execute(input, out));
  return out;
}

}  // namespace trilobite::agent
