// Any text is a file of rules or a list of what is wrong with it; what is printed of a group reads as the same group.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "alerting/rule_file.h"
#include "alerting/template_check.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const alerting::RuleFileReport report = alerting::check_rule_file(text);
  static_cast<void>(alerting::check_rule_group(text));
  static_cast<void>(alerting::template_error(text));
  if (!report.errors.empty()) return 0;
  for (const alerting::RuleGroup& group : report.content) {
    const alerting::RuleFileReport again = alerting::check_rule_group(group.yaml);
    CHECK(again.errors.empty() && again.content.size() == 1);
    CHECK(again.content.front().rules.size() == group.rules.size());
  }
  return 0;
}
