// The trace of a request, in and out of headers.
#pragma once

#include <trilobite/trace.h>

#include "request_plane.h"

namespace llm {

// What the headers say about the caller's span; empty when they say nothing.
trilobite::trace::Context continue_from(const Headers& headers);

// Adds the headers of the current span.
void inject(Headers& headers);

}  // namespace llm
