// rate_counter() of LogQL.
#pragma once

#include <span>

#include "query/range_accumulator.h"

namespace trilobite::logql {

// A query::WindowKernel.
double rate_counter(std::span<const query::Sample> samples, TimeNs range);

}  // namespace trilobite::logql
