// The times of one series in a block as bytes: in the largest unit that divides all of them, as differences or as
// distances from the straight line between the first and the last, whichever is less. A steady interval costs
// nothing for each sample, and one that trembles around a steady one costs its trembling.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace trilobite::columnar {

void encode_sample_times(std::span<const TimeNs> times, std::string& out);  // appends; REQUIRES: at least one
// All of `bytes`; there are as many times as `out` has places.
Result<void> decode_sample_times(std::string_view bytes, std::span<TimeNs> out);

}  // namespace trilobite::columnar
