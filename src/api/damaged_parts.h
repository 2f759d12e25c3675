// What to do with an answer that met a damaged part of the store.
#pragma once

#include "base/result.h"

namespace trilobite::api {

inline constexpr int kDamagedPartsMax = 16;  // that one query gets over

enum class OnDamage { kFail, kAskAgain };

// What `ask` gives, a Result. A part that was found to be damaged is put aside before the next attempt, which says so
// in its answer.
template <class Ask>
auto ask_despite_damage(OnDamage on_damage, const Ask& ask) {
  auto answer = ask();
  for (int i = 0; i < kDamagedPartsMax && on_damage == OnDamage::kAskAgain; ++i) {
    if (answer.ok() || answer.error().code != Code::kCorrupt) break;
    answer = ask();
  }
  return answer;
}

}  // namespace trilobite::api
