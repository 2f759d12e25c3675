// The short way to a JSONL line: of a statement seen before, put together from what it and its span left ready.
#pragma once

#include <string>

#include "event.h"
#include "span_pieces.h"
#include "timestamp.h"

namespace trilobite::log {

// False when the line is longer or less simple than that; then out is as it was.
bool append_short_jsonl_line(std::string& out, const Event& event, TimestampWriter& time, SpanPieces& spans);

}  // namespace trilobite::log
