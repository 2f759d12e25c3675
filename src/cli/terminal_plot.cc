#include "cli/terminal_plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "cli/line_printer.h"

namespace trilobite::cli {
namespace {

constexpr std::size_t kAxisWidth = 10;  // of the values on the left
constexpr std::size_t kWidthMin = 30, kHeightMin = 4;
constexpr std::array kColors = {"36", "35", "33", "32", "34", "31", "96", "95", "93", "92"};
constexpr std::string_view kMarks = "*+xo#@%&=~";

// One character: its dots, and which line set it last.
struct Cell {
  unsigned dots = 0;
  std::size_t line = 0;
};

// Dots are two to a character across and four down.
class Canvas {
 public:
  Canvas(std::size_t columns, std::size_t rows) : columns_(columns), rows_(rows), cells_(columns * rows) {}

  std::size_t dots_across() const { return columns_ * 2; }
  std::size_t dots_down() const { return rows_ * 4; }
  const Cell& cell(std::size_t column, std::size_t row) const { return cells_[row * columns_ + column]; }

  void set(long x, long y, std::size_t line) {
    if (x < 0 || y < 0 || x >= static_cast<long>(dots_across()) || y >= static_cast<long>(dots_down())) return;
    static constexpr unsigned kBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    Cell& cell = cells_[static_cast<std::size_t>(y / 4) * columns_ + static_cast<std::size_t>(x / 2)];
    cell.dots |= kBits[y % 4][x % 2];
    cell.line = line;
  }

  void join(long x0, long y0, long x1, long y1, std::size_t line) {
    const long steps = std::max({std::labs(x1 - x0), std::labs(y1 - y0), 1L});
    for (long i = 0; i <= steps; ++i) set(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps, line);
  }

 private:
  const std::size_t columns_, rows_;
  std::vector<Cell> cells_;
};

struct Scale {
  double least = 0, greatest = 1;  // of what is drawn: the logarithm where the axis is one
  bool logarithmic = false;

  bool takes(double value) const { return std::isfinite(value) && (!logarithmic || value > 0); }
  double place(double value) const { return logarithmic ? std::log10(value) : value; }
  double value(double share) const {
    const double at = least * (1 - share) + greatest * share;
    return logarithmic ? std::pow(10, at) : at;
  }
};

// Nothing when no line has a value to draw.
bool measure(const std::vector<PlotLine>& lines, Scale& scale) {
  scale.least = std::numeric_limits<double>::infinity();
  scale.greatest = -scale.least;
  for (const PlotLine& line : lines) {
    for (const auto& [time, value] : line.points) {
      if (!scale.takes(value)) continue;
      scale.least = std::min(scale.least, scale.place(value));
      scale.greatest = std::max(scale.greatest, scale.place(value));
    }
  }
  if (!(scale.least <= scale.greatest)) return false;
  if (scale.least == scale.greatest) {  // a level line stands in the middle
    const double around = scale.least == 0 ? 1 : std::fabs(scale.least) / 2;
    scale.least -= around;
    scale.greatest += around;
  }
  return true;
}

// 1234567 -> "1.235M"
std::string short_number(double value) {
  if (!std::isfinite(value)) return fmt::format("{}", value);
  constexpr std::array<std::pair<double, char>, 5> kSteps{
      {{1e15, 'P'}, {1e12, 'T'}, {1e9, 'G'}, {1e6, 'M'}, {1e3, 'k'}}};
  for (const auto& [step, letter] : kSteps) {
    if (std::fabs(value) >= step && std::fabs(value) < 1e18) return fmt::format("{:.4g}{}", value / step, letter);
  }
  return fmt::format("{:.4g}", value);
}

void draw(const PlotLine& line, std::size_t index, const PlotOptions& options, const Scale& scale, Canvas& canvas) {
  const double span = static_cast<double>(std::max<TimeNs>(options.end - options.start, 1));
  // A server may give times beside the range; they end at its edges.
  const auto x_of = [&](TimeNs time) {
    const double share = std::clamp(static_cast<double>(time - options.start) / span, 0.0, 1.0);
    return std::lround(share * static_cast<double>(canvas.dots_across() - 1));
  };
  // Halves, because the distance of the greatest numbers is none.
  const auto y_of = [&](double value) {
    const double share = (scale.place(value) / 2 - scale.least / 2) / (scale.greatest / 2 - scale.least / 2);
    return std::lround((1 - share) * static_cast<double>(canvas.dots_down() - 1));
  };
  const TimeNs apart_max = options.step == 0 ? std::numeric_limits<TimeNs>::max() : options.step + options.step / 2;
  const std::pair<TimeNs, double>* before = nullptr;
  for (const auto& point : line.points) {
    if (!scale.takes(point.second)) {
      before = nullptr;
      continue;
    }
    const long x = x_of(point.first), y = y_of(point.second);
    if (before != nullptr && point.first - before->first <= apart_max) {
      canvas.join(x_of(before->first), y_of(before->second), x, y, index);
    } else {
      canvas.set(x, y, index);
    }
    before = &point;
  }
}

void append_braille(std::string& out, unsigned dots) {
  const unsigned code = 0x2800 + dots;
  out += static_cast<char>(0xE0 | code >> 12);
  out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
  out += static_cast<char>(0x80 | (code & 0x3F));
}

void append_cell(std::string& out, const Cell& cell, bool colors, bool marks) {
  if (cell.dots == 0) {
    out += ' ';
  } else if (marks) {
    out += kMarks[cell.line % kMarks.size()];
  } else if (colors) {
    out += fmt::format("\x1b[{}m", kColors[cell.line % kColors.size()]);
    append_braille(out, cell.dots);
    out += "\x1b[0m";
  } else {
    append_braille(out, cell.dots);
  }
}

std::string time_axis(const PlotOptions& options, std::size_t columns) {
  const std::string start = format_time(options.start, options.time), end = format_time(options.end, options.time);
  std::string out(kAxisWidth + 2, ' ');
  out += start;
  if (start.size() + end.size() + 1 <= columns) out += std::string(columns - start.size() - end.size(), ' ') + end;
  return out + "\n";
}

std::string legend(const std::vector<PlotLine>& lines, bool colors, bool marks) {
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string last = lines[i].points.empty() ? "-" : short_number(lines[i].points.back().second);
    std::string mark = marks ? std::string(1, kMarks[i % kMarks.size()]) : "─";
    if (colors) mark = fmt::format("\x1b[{}m{}\x1b[0m", kColors[i % kColors.size()], mark);
    out += fmt::format("  {} {}  {}\n", mark, terminal_safe(lines[i].name), last);
  }
  return out;
}

}  // namespace

std::string plot_text(const std::vector<PlotLine>& lines, const PlotOptions& options) {
  Scale scale{0, 1, options.logarithmic};
  if (!measure(lines, scale)) return "";
  const std::size_t columns = std::max(options.width, kWidthMin) - kAxisWidth - 2;
  const std::size_t rows = std::max(options.height, kHeightMin);
  Canvas canvas(columns, rows);
  for (std::size_t i = 0; i < lines.size(); ++i) draw(lines[i], i, options, scale, canvas);
  const bool marks = !options.colors && lines.size() > 1;
  std::string out;
  for (std::size_t row = 0; row < rows; ++row) {
    // A value at every fourth row and at both ends.
    const bool named = row % 4 == 0 || row + 1 == rows;
    const double share = 1 - static_cast<double>(row) / static_cast<double>(rows - 1);
    out += fmt::format("{:>{}} {}", named ? short_number(scale.value(share)) : "", kAxisWidth, named ? "┤" : "│");
    std::string line;
    for (std::size_t column = 0; column < columns; ++column) {
      append_cell(line, canvas.cell(column, row), options.colors, marks);
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  }
  return out + time_axis(options, columns) + legend(lines, options.colors, marks);
}

}  // namespace trilobite::cli
