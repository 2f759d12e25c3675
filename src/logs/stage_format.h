// | line_format, | label_format and | decolorize.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "logs/ast.h"
#include "logs/regex.h"
#include "logs/stage_json.h"
#include "logs/template.h"

namespace trilobite::logql {

class LineFormat {
 public:
  static Result<LineFormat> compile(const LineFormatStage& stage, TimeNs now);
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;
  const Template& text() const { return template_; }

 private:
  LineFormat(Template text, TimeNs now) : template_(std::move(text)), now_(now) {}
  Template template_;
  TimeNs now_;
};

class LabelFormat {
 public:
  static Result<LabelFormat> compile(const LabelFormatStage& stage, LabelPlan& plan, TimeNs now);
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;

  struct Format {
    NameId to = kNoName;
    NameId from = kNoName;           // rename
    std::optional<Template> text;    // or a template
  };
  const std::vector<Format>& formats() const { return formats_; }

 private:
  std::vector<Format> formats_;
  TimeNs now_ = 0;
};

class Decolorize {
 public:
  static Result<Decolorize> compile();
  bool run(Row& row, std::string_view& line, StageScratch& scratch) const;

 private:
  explicit Decolorize(Regex regex) : sequence_(std::move(regex)) {}
  Regex sequence_;
};

}  // namespace trilobite::logql
