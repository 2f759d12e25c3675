#include "agent/pipeline.h"

#include <algorithm>

#include "agent/stages.h"

namespace trilobite::agent {
namespace {

constexpr std::array kStageTypes{
    StageType{"auto_timestamp", make_auto_timestamp_stage, "recognises common timestamps at the start of the line"},
    StageType{"cri", make_cri_stage, "unwraps lines of a CRI container runtime and joins partial ones"},
    StageType{"decolorize", make_decolorize_stage, "removes ANSI colours"},
    StageType{"docker", make_docker_stage, "unwraps lines of Docker's json-file driver"},
    StageType{"drop", make_drop_stage, "drops lines that meet all its conditions"},
    StageType{"json", make_json_stage, "extracts values of a JSON line"},
    StageType{"labelallow", make_labelallow_stage, "keeps only the labels it names"},
    StageType{"labeldrop", make_labeldrop_stage, "removes labels"},
    StageType{"labels", make_labels_stage, "makes extracted values labels"},
    StageType{"limit", make_limit_stage, "limits the rate of lines"},
    StageType{"logfmt", make_logfmt_stage, "extracts values of a logfmt line"},
    StageType{"match", make_match_stage, "runs stages on, or drops, the lines that a selector matches"},
    StageType{"multiline", make_multiline_stage, "joins lines that belong together"},
    StageType{"output", make_output_stage, "replaces the line by an extracted value"},
    StageType{"pack", make_pack_stage, "moves labels into a JSON line"},
    StageType{"regex", make_regex_stage, "extracts named groups of a regular expression"},
    StageType{"replace", make_replace_stage, "replaces what a regular expression captures"},
    StageType{"sampling", make_sampling_stage, "keeps a share of the lines"},
    StageType{"static_labels", make_static_labels_stage, "adds fixed labels"},
    StageType{"structured_metadata", make_structured_metadata_stage, "makes extracted values structured metadata"},
    StageType{"template", make_template_stage, "makes or changes an extracted value by a template"},
    StageType{"tenant", make_tenant_stage, "chooses the tenant"},
    StageType{"timestamp", make_timestamp_stage, "takes the time from an extracted value"},
};

constexpr std::string_view kUnsupportedStages[] = {"metrics", "geoip", "eventlogmessage"};

Result<StagePtr> make_stage(const yaml::Node& node, const std::string& where, const StageContext& context) {
  if (node.kind != yaml::Kind::kMap || node.map.size() != 1) {
    return error(Code::kInvalid, "line {}: {}: must have exactly one name, that of a stage", node.line, where);
  }
  const auto& [name, config] = node.map.front();
  for (const StageType& type : kStageTypes) {
    if (type.name == name) return type.make(config, fmt::format("{}.{}", where, name), context);
  }
  for (const std::string_view known : kUnsupportedStages) {
    if (known == name)
      return error(Code::kUnsupported, "line {}: {}: stage {} is not supported yet", node.line, where, name);
  }
  return error(Code::kInvalid, "line {}: {}: unknown stage \"{}\"", node.line, where, name);
}

}  // namespace

std::span<const StageType> stage_types() { return kStageTypes; }

Result<Pipeline> Pipeline::build(const yaml::Node& stages, const std::string& where, const StageContext& context) {
  Pipeline out;
  if (stages.kind == yaml::Kind::kNull) return out;
  if (stages.kind != yaml::Kind::kList) return error(Code::kInvalid, "line {}: {}: must be a list", stages.line, where);
  for (std::size_t i = 0; i < stages.list.size(); ++i) {
    TRY(stage, make_stage(stages.list[i], fmt::format("{}[{}]", where, i), context));
    out.stages_.push_back(std::move(stage));
  }
  return out;
}

void Pipeline::start(Entries& entries) const {
  if (stages_.empty()) return;
  for (Entry& entry : entries) entry.extracted = entry.labels;
}

void Pipeline::run(Entries& entries, SourceId source) {
  for (const StagePtr& stage : stages_) {
    if (entries.empty()) return;
    stage->run(entries, source);
  }
}

void Pipeline::release(Entries& out, SourceId source, std::chrono::nanoseconds now, bool all) {
  Entries entries;
  for (const StagePtr& stage : stages_) {
    if (!entries.empty()) stage->run(entries, source);
    stage->release(entries, source, now, all);
  }
  std::move(entries.begin(), entries.end(), std::back_inserter(out));
}

std::optional<std::uint64_t> Pipeline::held_from(SourceId source) const {
  std::optional<std::uint64_t> out;
  for (const StagePtr& stage : stages_) {
    const auto held = stage->held_from(source);
    if (held && (!out || *held < *out)) out = held;
  }
  return out;
}

void Pipeline::forget(SourceId source) {
  for (const StagePtr& stage : stages_) stage->forget(source);
}

}  // namespace trilobite::agent
