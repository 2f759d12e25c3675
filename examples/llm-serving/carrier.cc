#include "carrier.h"

#include <trilobite/trace_headers.h>

namespace llm {

namespace trace = trilobite::trace;

trace::Context continue_from(const Headers& headers) { return trace::extract(headers); }

void inject(Headers& headers) { trace::inject(trace::Context::current(), headers); }

}  // namespace llm
