#include "agent/source_job.h"

namespace trilobite::agent {

Result<std::unique_ptr<SourceJob>> SourceJob::make(const ScrapeConfig& config, const StageContext& context) {
  const std::string where = fmt::format("scrape_configs ({}).pipeline_stages", config.job_name);
  TRY(pipeline, Pipeline::build(config.stages, where, context));
  auto out = std::make_unique<SourceJob>();
  out->name = config.job_name;
  out->pipeline = std::move(pipeline);
  out->decompression_delay = config.decompression_delay;
  for (const StaticTarget& target : config.targets) {
    TRY(path, Glob::parse(target.path));
    FileTarget made{.path = std::move(path), .labels = target.labels};
    if (!target.path_exclude.empty()) {
      TRY(exclude, Glob::parse(target.path_exclude));
      made.exclude = std::move(exclude);
    }
    out->targets.push_back(std::move(made));
  }
  return out;
}

}  // namespace trilobite::agent
