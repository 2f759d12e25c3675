// All stages of a pipeline, compiled. A new stage is a struct in ast.h, its class in a file of its own, and one row
// each in CompiledStage and in the compiler (stages.cc).
#pragma once

#include <variant>
#include <vector>

#include "logs/ast.h"
#include "logs/stage_extract.h"
#include "logs/stage_format.h"
#include "logs/stage_json.h"
#include "logs/stage_label.h"
#include "logs/stage_line.h"
#include "logs/stage_logfmt.h"
#include "logs/stage_names.h"
#include "logs/stage_unroll.h"

namespace trilobite::logql {

using CompiledStage = std::variant<LineTest, LabelTest, JsonFields, JsonPaths, Logfmt, PatternFields, RegexpFields,
                                   Unpack, Decolorize, LineFormat, LabelFormat, Drop, Keep, Unroll>;

// The error begins with "stage '| ...' : ".
Result<CompiledStage> compile_stage(const Stage& stage, LabelPlan& plan, TimeNs now);

// False: the row is dropped. May change the line.
bool run_stage(const CompiledStage& stage, Row& row, std::string_view& line, StageScratch& scratch);

// Labels that the stage reads; false: possibly all.
bool required_names(const CompiledStage& stage, LabelPlan& plan, std::vector<NameId>& out);

// Line filters move to the front as far as Loki moves them: over everything but line_format, unpack and label filters.
std::vector<Stage> reorder_stages(const std::vector<Stage>& stages);

// What the parser checks: every stage compiles. The error is the one clients see.
Result<void> check_stages(const std::vector<Stage>& stages);

}  // namespace trilobite::logql
