// The name under which the agent logs.
#pragma once

#include <trilobite/log.h>

namespace trilobite::agent {

inline constexpr log::Target kLog{"trilobite::agent"};

}  // namespace trilobite::agent
