#include "agent/batcher.h"

namespace trilobite::agent {

void Batcher::add(Entries&& entries, std::chrono::nanoseconds now) {
  for (Entry& entry : entries) {
    for (const auto& [name, value] : config_.external_labels) {
      if (entry.labels.find(name) == nullptr) entry.labels.set(name, value);
    }
    if (encoders_.empty()) first_ = now;
    const std::string_view tenant = entry.labels.get(kTenantLabel);
    auto at = encoders_.find(tenant);
    if (at == encoders_.end()) at = encoders_.try_emplace(std::string(tenant)).first;
    const std::size_t before = at->second.bytes();
    at->second.add(entry);
    bytes_ += at->second.bytes() - before;
    metrics_.entries_queued.add();
  }
}

std::optional<std::chrono::nanoseconds> Batcher::deadline() const {
  if (encoders_.empty()) return std::nullopt;
  return first_ + config_.wait;
}

std::vector<Push> Batcher::take() {
  std::vector<Push> out;
  for (auto& [tenant, encoder] : encoders_) {
    out.push_back({tenant, encoder.take()});
    metrics_.bytes_queued.add(out.back().body.size());
  }
  encoders_.clear();
  bytes_ = 0;
  return out;
}

}  // namespace trilobite::agent
