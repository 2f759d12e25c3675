// One scrape configuration at work: its patterns and its pipeline. Shared by its files and its journal.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/glob.h"
#include "agent/pipeline.h"

namespace trilobite::agent {

struct FileTarget {
  Glob path;
  std::optional<Glob> exclude;
  Labels labels;

  bool wants(std::string_view file) const { return path.matches(file) && !(exclude && exclude->matches(file)); }
};

struct SourceJob {
  std::string name;
  std::vector<FileTarget> targets;
  Pipeline pipeline;
  Nanoseconds decompression_delay{0};

  static Result<std::unique_ptr<SourceJob>> make(const ScrapeConfig& config, const StageContext& context);
};

}  // namespace trilobite::agent
