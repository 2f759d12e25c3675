// Go's text/template as line_format and label_format use it. A missing label is "".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/template_value.h"

namespace trilobite::logql {

// What a template sees of a row.
class TemplateInput {
 public:
  virtual ~TemplateInput() = default;
  virtual std::string_view label(std::string_view name) const = 0;  // "" when absent
  virtual std::vector<std::pair<std::string_view, std::string_view>> labels() const = 0;  // sorted by name
  std::string_view line;
  TimeNs time = 0;
  TimeNs now = 0;
};

// Immutable; any thread.
class Template {
 public:
  // The error is Go's: `template: line:1: unclosed action`.
  static Result<Template> compile(std::string_view text);

  // Appends to `out`. An error leaves a partial text there; its message is Go's, more or less.
  Result<void> execute(const TemplateInput& input, std::string& out) const;

  // Names of labels that may be read; all_labels() when that cannot be told ({{ . }}, index).
  const std::vector<std::string>& fields() const;
  bool all_labels() const;

  struct Tree;

 private:
  explicit Template(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}
  std::shared_ptr<const Tree> tree_;
};

}  // namespace trilobite::logql
