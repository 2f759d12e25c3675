#include "server/memory_budget.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>

namespace trilobite::server {
namespace {

constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kBudgetMax = 4096 * kMiB;
constexpr std::uint64_t kBudgetMin = 256 * kMiB;  // less does not hold the caches

// What each limit takes of the budget, and the value above which more does not help. Rows in memory may grow to three
// times head_bytes_max (one head being written, one that takes rows meanwhile); several queries run at once. Together
// with 256 MiB of label indexes, which are few where the machine is small, they come to about the budget.
constexpr std::uint64_t kHeadShare = 24, kHeadMax = 80 * kMiB;
constexpr std::uint64_t kCacheShare = 16, kCacheMax = 192 * kMiB;
constexpr std::uint64_t kInFlightShare = 12, kInFlightMax = 256 * kMiB;
constexpr std::uint64_t kBodiesShare = 8, kBodiesMax = 512 * kMiB;
constexpr std::uint64_t kQueryShare = 8;

template <class T>
void set_if_open(T& limit, std::uint64_t budget, std::uint64_t share, std::uint64_t most) {
  if (limit == 0) limit = static_cast<T>(std::min(budget / share, most));
}

}  // namespace

std::uint64_t memory_of_machine() {
  const std::uint64_t pages = static_cast<std::uint64_t>(std::max(sysconf(_SC_PHYS_PAGES), 0l));
  std::uint64_t bytes = pages * static_cast<std::uint64_t>(std::max(sysconf(_SC_PAGESIZE), 0l));
  if (bytes == 0) bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t limit = 0;
  // "max" where there is none, which is no number.
  if (std::ifstream file("/sys/fs/cgroup/memory.max"); file >> limit && limit > 0) bytes = std::min(bytes, limit);
  return bytes;
}

std::uint64_t default_memory_budget(std::uint64_t machine_bytes) {
  return std::clamp(machine_bytes / 4, kBudgetMin, kBudgetMax);
}

void apply_memory_budget(Config& config, std::uint64_t machine_bytes) {
  if (config.memory_budget == 0) config.memory_budget = default_memory_budget(machine_bytes);
  const std::uint64_t budget = config.memory_budget;
  set_if_open(config.storage.head_bytes_max, budget, kHeadShare, kHeadMax);
  set_if_open(config.storage.cache_bytes_max, budget, kCacheShare, kCacheMax);
  set_if_open(config.storage.bytes_in_flight_max, budget, kInFlightShare, kInFlightMax);
  set_if_open(config.http.bodies_bytes_max, budget, kBodiesShare, kBodiesMax);
}

std::size_t query_memory_max(const Config& config) { return config.memory_budget / kQueryShare; }

}  // namespace trilobite::server
