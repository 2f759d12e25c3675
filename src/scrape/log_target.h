// The name under which this room logs.
#pragma once

#include <trilobite/log.h>

namespace trilobite::scrape {

inline constexpr log::Target kLog{"trilobite::scrape"};

}  // namespace trilobite::scrape
