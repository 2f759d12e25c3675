// One message of a live tail, as JSON.
#pragma once

#include <string>
#include <vector>

#include "ingest/tail_hub.h"
#include "logs/log_query.h"

namespace trilobite::api {

enum class TailShape : std::uint8_t {
  kFlat,         // all labels in the stream
  kCategorized,  // structured metadata and parsed labels apart, beside each line
  kLegacy,       // of /api/prom/tail
};

// Rows come out grouped by stream, in their order. `dropped` may be empty.
std::string tail_frame(const std::vector<logql::LogRow>& rows, const std::vector<ingest::DroppedRow>& dropped,
                       TailShape shape);

}  // namespace trilobite::api
