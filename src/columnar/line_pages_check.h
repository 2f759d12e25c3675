// Split lines looked at as a whole, for checking a part.
#pragma once

#include "columnar/lines.h"

namespace trilobite::columnar {

// Reads and checks every page: codes, the values of each slot, filters.
Result<void> read_all_pages(const Templates& lines);

}  // namespace trilobite::columnar
