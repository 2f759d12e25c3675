// What status/memory tells: where memory goes, and how full everything is that is bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace trilobite::api {

struct ProcessMemory {
  std::uint64_t resident = 0, budget = 0, machine = 0;
  std::optional<std::uint64_t> allocated;  // where the allocator tells
};

struct MemorySubsystem {
  std::string name, help;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> limit, series;
  bool on_disk = false;
};

enum class LimitState : std::uint8_t { kOk, kWarning, kCritical };
std::string_view name_of(LimitState state);

struct LimitStatus {
  std::string name, subject;  // subject: the tenant or job it is about, "" for the server
  std::uint64_t used = 0, limit = 1;
  bool bytes = false;      // else a count
  bool of_tenant = false;  // the subject is one
  std::string key;         // the setting; "" where there is none
  std::string effect;      // what happens beyond, as a sentence
  LimitState state = LimitState::kOk;
  TimeNs since = 0;        // of the state

  double ratio() const { return static_cast<double>(used) / static_cast<double>(limit); }
};
// "metrics_series of fake: 900 of 1000 (90 %). New series are refused."
std::string describe(const LimitStatus& status);

// Each may be empty.
struct MemorySource {
  std::function<ProcessMemory()> process;
  std::function<std::vector<MemorySubsystem>()> subsystems;
  std::function<std::vector<LimitStatus>()> limits;
  double warning_share = 0.8, critical_share = 0.95;
};

}  // namespace trilobite::api
