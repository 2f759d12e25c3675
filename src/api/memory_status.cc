#include "api/memory_status.h"

#include <fmt/format.h>

namespace trilobite::api {

std::string_view name_of(LimitState state) {
  if (state == LimitState::kCritical) return "critical";
  return state == LimitState::kWarning ? "warning" : "ok";
}

std::string describe(const LimitStatus& status) {
  std::string out = status.name;
  if (!status.subject.empty()) out += " of " + status.subject;
  out += fmt::format(": {} of {}{} ({:.0f} %). {}", status.used, status.limit, status.bytes ? " bytes" : "",
                     100 * status.ratio(), status.effect);
  if (!status.key.empty()) out += fmt::format(" See {}.", status.key);
  return out;
}

}  // namespace trilobite::api
