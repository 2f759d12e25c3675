// What stands behind standard output.
#pragma once

#include <cstddef>
#include <string>

namespace trilobite::cli {

bool wants_colors(const std::string& choice);  // auto (a terminal that knows colors, no NO_COLOR), always, never
std::size_t terminal_width();                  // 160 where there is no terminal

}  // namespace trilobite::cli
