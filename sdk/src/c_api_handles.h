// What the opaque handles of the C interface hold.
#pragma once

#include <trilobite.h>

#include <trilobite/trace.h>

struct tri_context {
  trilobite::trace::Context context;
};

struct tri_span {
  trilobite::trace::Span span;
};
