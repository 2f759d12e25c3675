// Labels as Prometheus' messages hold them: field 1 of a message, each a pair {1 name, 2 value}.
#pragma once

#include <string_view>
#include <vector>

#include "columnar/label_set.h"

namespace trilobite::ingest {

// Replaces what is in `out`; other fields of the message are passed over. False: it is broken. The views are into it.
bool read_wire_pairs(std::string_view message, std::vector<LabelSet::Pair>& out);

}  // namespace trilobite::ingest
