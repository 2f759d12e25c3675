// The pieces of Prometheus' formats, and the formats themselves.
#pragma once

#include <string>

#include "gathered_metrics.h"

namespace trilobite::instruments {

// Decimal digits without exponent, as few as give the number back; `+Inf`, `-Inf`, `NaN`.
void append_sample_value(std::string& out, double value);

// The same with `.0` for whole numbers, as OpenMetrics writes bounds.
void append_openmetrics_bound(std::string& out, double value);

// `a="1",b="2"` with backslashes, quotes and line feeds escaped.
void append_labels(std::string& out, const Labels& labels);

void append_help_escaped(std::string& out, std::string_view help);

// The formats; text callbacks belong to the text format only.
std::string to_text(const Gathered& gathered);
std::string to_openmetrics(const Gathered& gathered);
std::string to_protobuf(const Gathered& gathered);

}  // namespace trilobite::instruments
