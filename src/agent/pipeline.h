// The stages of one scrape configuration, in a row.
#pragma once

#include <span>
#include <vector>

#include "agent/stage.h"

namespace trilobite::agent {

// Every stage there is; each is one file stage_*.cc and one row here.
std::span<const StageType> stage_types();

class Pipeline {
 public:
  // `stages` is the list of pipeline_stages, or null for none.
  static Result<Pipeline> build(const yaml::Node& stages, const std::string& where, const StageContext& context);

  bool empty() const { return stages_.empty(); }
  // The initial labels of each entry must already be in its extracted map; start() puts them there.
  void run(Entries& entries, SourceId source);
  void start(Entries& entries) const;

  void release(Entries& out, SourceId source, std::chrono::nanoseconds now, bool all);
  std::optional<std::uint64_t> held_from(SourceId source) const;
  void forget(SourceId source);

 private:
  std::vector<StagePtr> stages_;
};

}  // namespace trilobite::agent
