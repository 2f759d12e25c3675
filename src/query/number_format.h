// How Prometheus and Loki write sample values: the shortest digits that read back as the same number, never with an
// exponent; NaN, +Inf, -Inf.
#pragma once

#include <string>

namespace trilobite::query {

void append_number(std::string& out, double value);
std::string number_text(double value);

}  // namespace trilobite::query
