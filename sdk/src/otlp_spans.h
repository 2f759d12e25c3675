// Spans as a request of OTLP.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "span_data.h"

namespace trilobite::trace {

// The message opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest. resource is the encoded Resource;
// offset_ns is what makes the tracer's clock one since 1970.
std::string encode_spans(std::span<SpanData* const> spans, std::string_view resource, std::string_view scope,
                         std::int64_t offset_ns);

}  // namespace trilobite::trace
