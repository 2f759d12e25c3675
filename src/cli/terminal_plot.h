// Lines over time drawn with characters.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "cli/local_time.h"

namespace trilobite::cli {

struct PlotLine {
  std::string name;
  std::vector<std::pair<TimeNs, double>> points;  // by time
};

struct PlotOptions {
  TimeNs start = 0, end = 0;            // of the time axis
  TimeNs step = 0;                      // points further apart than this are not joined
  std::size_t width = 80, height = 16;  // characters of the whole, and rows of the area
  bool colors = false;                  // else each line of several has a character of its own
  bool logarithmic = false;
  TimeStyle time;
};

// Dots of Braille (2 x 4 in a character), an axis of values and one of times, and a legend with the last value of each
// line. Values that are no finite numbers are gaps. "" without any value.
std::string plot_text(const std::vector<PlotLine>& lines, const PlotOptions& options);

}  // namespace trilobite::cli
