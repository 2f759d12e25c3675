// Log lines as text for a terminal or a program.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/local_time.h"
#include "cli/log_answer.h"

namespace trilobite::cli {

enum class OutputForm : std::uint8_t { kDefault, kRaw, kJsonl };  // time, labels, line; the line alone; JSON objects

struct LinePrinterOptions {
  OutputForm form = OutputForm::kDefault;
  TimeStyle time;
  bool colors = false;    // kDefault only
  bool terminal = false;  // a person looks: control characters of lines are shown, not sent (colors stay)
  bool labels = true;     // kDefault only
  bool common_labels = false;         // kDefault: show also what all lines have in common
  std::vector<std::string> include;   // labels to show; none: all
  std::vector<std::string> exclude;
};

// Prints lines one after another. What they have in common is settled by the first of them.
class LinePrinter {
 public:
  explicit LinePrinter(LinePrinterOptions options) : options_(std::move(options)) {}

  // Before the first line: finds the labels that all `entries` have in common, and how wide the others are.
  void look_at(const std::vector<LogEntry>& entries);
  const Labels& common() const { return common_; }  // empty when nothing is hidden

  void print(const LogEntry& entry, std::string& out) const;  // one line, with its end

 private:
  Labels shown(const Labels& labels) const;

  LinePrinterOptions options_;
  Labels common_;
  std::size_t width_ = 0;  // of the labels
};

// `text` without what could drive a terminal: control characters become \x1b and the like; tabs, ends of lines and
// colors stay.
std::string terminal_safe(std::string_view text);

}  // namespace trilobite::cli
