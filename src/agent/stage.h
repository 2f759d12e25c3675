// One step of a pipeline. Stages work on runs of entries of one source, in the source's order; they change, drop, merge
// or hold entries back. All calls come from the one thread that reads.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "agent/config_fields.h"
#include "agent/entry.h"
#include "agent/metrics.h"

namespace trilobite::agent {

// A file or journal that is being read; stages keep state for each.
using SourceId = std::uint64_t;

struct StageContext {
  const Clock& clock;
  Metrics& metrics;
};

class Stage {
 public:
  virtual ~Stage() = default;
  virtual void run(Entries& entries, SourceId source) = 0;

  // The rest is for stages that hold entries back.
  // Appends what is due at `now` (Clock::steady), or with `all` everything of the source.
  virtual void release(Entries& /*out*/, SourceId /*source*/, std::chrono::nanoseconds /*now*/, bool /*all*/) {}
  // Where in the source the oldest entry that is held begins: positions must not pass it.
  virtual std::optional<std::uint64_t> held_from(SourceId /*source*/) const { return std::nullopt; }
  // The source will give nothing more; it has been released.
  virtual void forget(SourceId /*source*/) {}
};

using StagePtr = std::unique_ptr<Stage>;

// A row of the table of stages. `config` may be null (an empty mapping).
struct StageType {
  std::string_view name;
  Result<StagePtr> (*make)(const yaml::Node& config, const std::string& where, const StageContext& context);
  std::string_view help;
};

// What a stage reads: the extracted value, or the line when no source is configured.
inline const std::string* source_of(const Entry& entry, const std::string& source) {
  return source.empty() ? &entry.line : entry.extracted.find(source);
}

}  // namespace trilobite::agent
