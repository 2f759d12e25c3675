// Conditions on the text of ids that are kept as bits. Internal to slot_search.h. REQUIRES of all: kHex or kUuid.
#pragma once

#include "base/result.h"
#include "columnar/lines.h"
#include "columnar/position_set.h"
#include "columnar/text_match.h"

namespace trilobite::columnar {

// False only if no value holds; asks the slot's filter about whole ids.
Result<bool> id_may_hold(const Slot& slot, const TextMatch& match);
Result<PositionSet> search_ids(const Slot& slot, const TextMatch& match, const PositionSet& candidates);

}  // namespace trilobite::columnar
