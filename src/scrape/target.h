// From what discovery found to what is scraped: labels filled in, relabelled, checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scrape/config.h"

namespace trilobite::scrape {

struct TargetSpec {
  Labels discovered;  // before relabelling
  Labels labels;      // of its series
  std::string url;
  std::string unix_socket;  // "": over the network
  Nanoseconds interval{0}, timeout{0};
  bool native_histograms = false, classic_histograms_to_custom = false, always_classic_histograms = false;
  std::uint64_t hash = 0;  // of everything that makes it another target
};

// The labels that relabelling starts from.
Labels discovered_labels(const ScrapeConfig& config, const TargetGroup& group, const Labels& target);

// Nothing: relabelling dropped it. kInvalid: it cannot be scraped.
Result<std::optional<TargetSpec>> make_target(const ScrapeConfig& config, Labels discovered);

struct RelabelStep {
  const agent::RelabelRule* rule = nullptr;
  Labels output;
  bool keep = true;
};
// What each rule does, up to the one that drops the target.
std::vector<RelabelStep> relabel_steps(const std::vector<agent::RelabelRule>& rules, Labels labels);

}  // namespace trilobite::scrape
