// Series of numbers as a table for a terminal, or line by line for a program.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/line_printer.h"
#include "cli/log_answer.h"

namespace trilobite::cli {

struct MetricTableOptions {
  OutputForm form = OutputForm::kDefault;
  TimeStyle time;
  std::size_t width_max = 160;  // up to here series stand side by side, beyond one below the other
};

// kDefault: a row per time with a column per series when that fits, else a row per sample; an instant answer has a
// row per series. kRaw: time, labels and value with tabs between. kJsonl: an object per sample.
std::string metric_text(const QueryAnswer& answer, const MetricTableOptions& options);

// Columns aligned under a head; numbers to the right.
struct Table {
  std::vector<std::string> head;
  std::vector<bool> right;  // per column
  std::vector<std::vector<std::string>> rows;

  std::size_t width() const;
  std::string text() const;
};

}  // namespace trilobite::cli
