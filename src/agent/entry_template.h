// Go templates on an entry, as the stages template and replace have them: {{ .Value }} is the value in question,
// {{ .Entry }} the line, and {{ .name }} an extracted value. The functions are those of LogQL's line_format.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/entry.h"
#include "base/result.h"
#include "logs/template.h"

namespace trilobite::agent {

class EntryTemplate {
 public:
  static Result<EntryTemplate> compile(const std::string& text);
  // A failure while running gives what was made so far, as Promtail does.
  std::string render(const Entry& entry, std::string_view value) const;

 private:
  std::string plain_;  // without a template in it: the result itself
  std::optional<logql::Template> compiled_;
};

}  // namespace trilobite::agent
