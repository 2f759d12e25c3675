#include "metrics/annotations.h"

#include "metrics/limits.h"

namespace trilobite::metrics {

namespace {

using Entries = std::map<std::string, std::uint32_t, std::less<>>;

// One text is said once, with the last place it came from, as in Prometheus.
void add(Entries& entries, std::string text, std::uint32_t start) {
  if (const auto found = entries.find(text); found != entries.end()) {
    found->second = std::max(found->second, start);
  } else if (entries.size() < kAnnotationsMax) {
    entries.emplace(std::move(text), start);
  }
}

std::vector<std::string> texts(const Entries& entries, std::string_view query, std::size_t max,
                               std::string_view level) {
  std::vector<std::string> out;
  for (const auto& [text, start] : entries) {
    if (out.size() == max) break;
    out.push_back(fmt::format("{} ({})", text, place_text(query, start)));
  }
  if (entries.size() > max) out.push_back(fmt::format("{} more {} annotations omitted", entries.size() - max, level));
  return out;
}

}  // namespace

void Annotations::warn(std::string_view text, Position at) {
  const std::lock_guard lock(mutex_);
  add(warnings_, "PromQL warning: " + std::string(text), at.start);
}

void Annotations::info(std::string_view text, Position at) {
  const std::lock_guard lock(mutex_);
  add(infos_, "PromQL info: " + std::string(text), at.start);
}

std::vector<std::string> Annotations::warnings(std::string_view query, std::size_t max) const {
  const std::lock_guard lock(mutex_);
  return texts(warnings_, query, max, "warning");
}

std::vector<std::string> Annotations::infos(std::string_view query, std::size_t max) const {
  const std::lock_guard lock(mutex_);
  return texts(infos_, query, max, "info");
}

bool Annotations::any() const {
  const std::lock_guard lock(mutex_);
  return !warnings_.empty() || !infos_.empty();
}

}  // namespace trilobite::metrics
