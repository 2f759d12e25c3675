// What the table in pipeline.cc needs of the stage files.
#pragma once

#include "agent/stage.h"

namespace trilobite::agent {

Result<StagePtr> make_auto_timestamp_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_cri_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_decolorize_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_docker_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_drop_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_json_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_labelallow_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_labeldrop_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_labels_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_limit_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_logfmt_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_match_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_multiline_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_output_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_pack_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_regex_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_replace_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_sampling_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_static_labels_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_structured_metadata_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_template_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_tenant_stage(const yaml::Node&, const std::string& where, const StageContext&);
Result<StagePtr> make_timestamp_stage(const yaml::Node&, const std::string& where, const StageContext&);

}  // namespace trilobite::agent
