// The tree of a template; internal to template_parser.cc (builds it) and template.cc (runs it).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "logs/template.h"
#include "logs/template_functions.h"

namespace trilobite::logql {

struct TemplatePipe;

// What a command is made of: a literal, a variable, a function name, a parenthesised pipeline or the dot, with fields
// behind it (.a.b).
struct TemplateOperand {
  enum class Kind : std::uint8_t { kLiteral, kNil, kDot, kVariable, kFunction, kPipe };
  Kind kind = Kind::kDot;
  TemplateValue literal;
  std::size_t variable = 0;                      // place on the stack of variables, 0 is $
  const TemplateFunction* function = nullptr;    // kFunction
  std::string name;                              // of the function, for errors
  std::unique_ptr<TemplatePipe> pipe;            // kPipe
  std::vector<std::string> fields;
};

struct TemplateCommand {
  std::vector<TemplateOperand> operands;  // the first is called with the others
  std::string source;                     // for errors
};

struct TemplatePipe {
  std::vector<std::size_t> variables;  // places that get the value; two only in `range $i, $v :=`
  std::vector<TemplateCommand> commands;
};

struct TemplateNode {
  enum class Kind : std::uint8_t { kText, kAction, kIf, kRange, kWith, kTemplate, kBreak, kContinue };
  Kind kind = Kind::kText;
  std::string text;                  // kText; the name of kTemplate
  std::unique_ptr<TemplatePipe> pipe;
  std::vector<TemplateNode> body, otherwise;
};

struct Template::Tree {
  std::vector<TemplateNode> root;
  std::map<std::string, std::vector<TemplateNode>, std::less<>> defined;
  std::vector<std::string> fields;
  bool all_labels = false;
};

Result<std::shared_ptr<const Template::Tree>> parse_template(std::string_view text);

}  // namespace trilobite::logql
