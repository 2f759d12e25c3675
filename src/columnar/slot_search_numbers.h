// Conditions on the text of integers, decimals and addresses. Internal to slot_search.h.
#pragma once

#include "base/result.h"
#include "columnar/lines.h"
#include "columnar/position_set.h"
#include "columnar/text_match.h"

namespace trilobite::columnar {

// False only if no number within the slot's bounds can hold. REQUIRES: kInteger or kDecimal.
bool number_may_hold(const Slot& slot, const TextMatch& match);
Result<PositionSet> search_numbers(const Slot& slot, const TextMatch& match, const PositionSet& candidates);

// REQUIRES: kIpv4.
bool ipv4_may_hold(const TextMatch& match);
Result<PositionSet> search_ipv4(const Slot& slot, const TextMatch& match, const PositionSet& candidates);

}  // namespace trilobite::columnar
