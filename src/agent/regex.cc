#include "agent/regex.h"

#include <re2/re2.h>

namespace trilobite::agent {

Result<std::unique_ptr<const re2::RE2>> compile_regex(std::string expression) {
  for (std::size_t at = 0; (at = expression.find("(?<", at)) != std::string::npos; at += 3) {
    const bool escaped = at > 0 && expression[at - 1] == '\\';
    if (!escaped && at + 3 < expression.size() && expression[at + 3] != '=' && expression[at + 3] != '!') {
      expression.insert(at + 2, "P");
    }
  }
  auto out = std::make_unique<const re2::RE2>(expression, re2::RE2::Quiet);
  if (!out->ok())
    return error(Code::kInvalid, "cannot parse the regular expression \"{}\": {}", expression, out->error());
  return out;
}

}  // namespace trilobite::agent
