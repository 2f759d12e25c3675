// Numbers as Prometheus prints them: Go's %g of a float64, and the form of its HTTP API. The shortest digits that read
// back as the same number; NaN, +Inf, -Inf.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trilobite::metrics {

std::string go_number(double value);   // %g and %v: 100000, 1e+06, 0.0001, 1e-05
std::string api_number(double value);  // digits only; an exponent below 1e-6 and from 1e21 on: 1e-07
void append_api_number(std::string& out, double value);  // the same

// strconv.ParseFloat: 1, .5, 5., 1e3, +Inf, nan, infinity; no hexadecimal, no underscores. None: not a number.
std::optional<double> parse_go_float(std::string_view text);

}  // namespace trilobite::metrics
