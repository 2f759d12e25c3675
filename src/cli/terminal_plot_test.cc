// The plot shows the shape of the values, gaps included, and says what its axes mean.
#include "cli/terminal_plot.h"

#include <gtest/gtest.h>

#include <cmath>

namespace trilobite::cli {
namespace {

constexpr TimeNs kSecondNs = 1'000'000'000;
constexpr TimeNs kStart = 1'768'435'200 * kSecondNs;

PlotOptions options() {
  PlotOptions out;
  out.start = kStart;
  out.end = kStart + 10 * kSecondNs;
  out.step = kSecondNs;
  out.width = 80;
  out.height = 8;
  out.time = {TimeForm::kSeconds, Zone::kUtc};
  return out;
}

PlotLine line(std::string name, const std::vector<double>& values) {
  PlotLine out{std::move(name), {}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.points.emplace_back(kStart + static_cast<TimeNs>(i) * kSecondNs, values[i]);
  }
  return out;
}

std::vector<std::string> rows_of(const std::string& text) {
  std::vector<std::string> rows;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    rows.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return rows;
}

TEST(TerminalPlot, ARisingLineRises) {
  const auto rows = rows_of(plot_text({line("up", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})}, options()));
  ASSERT_EQ(rows.size(), 8u + 1 + 1);
  EXPECT_NE(rows[0].find("10 ┤"), std::string::npos) << rows[0];
  EXPECT_NE(rows[7].find(" 0 ┤"), std::string::npos) << rows[7];
  // The further down, the further left the line begins.
  const auto first = [&](std::size_t row) {
    return rows[row].find("\xE2\xA0") == std::string::npos
               ? rows[row].find("\xE2\xA1")
               : std::min(rows[row].find("\xE2\xA0"), rows[row].find("\xE2\xA1"));
  };
  EXPECT_GT(first(0), first(7));
  EXPECT_NE(rows[8].find("2026-01-15T00:00:00Z"), std::string::npos);
  EXPECT_NE(rows[8].find("2026-01-15T00:00:10Z"), std::string::npos);
  EXPECT_EQ(rows[9], "  ─ up  10");
}

TEST(TerminalPlot, WithoutColorsEachLineHasItsMark) {
  const std::string text = plot_text({line("a", {1, 1, 1}), line("b", {2, 2, 2})}, options());
  EXPECT_NE(text.find("  * a  1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  + b  2\n"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  PlotOptions colored = options();
  colored.colors = true;
  EXPECT_NE(plot_text({line("a", {1, 1, 1})}, colored).find("\x1b[36m"), std::string::npos);
}

TEST(TerminalPlot, GapsStayGaps) {
  const auto count = [](const std::string& row) { return std::count(row.begin(), row.end(), '*'); };
  PlotOptions level = options();
  const auto joined = plot_text({line("a", {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}), line("b", {})}, level);
  const auto broken =
      plot_text({line("a", {5, NAN, NAN, NAN, NAN, NAN, INFINITY, NAN, NAN, NAN, 5}), line("b", {})}, level);
  EXPECT_GT(count(joined), 40);
  EXPECT_LE(count(broken), 4);
}

TEST(TerminalPlot, NothingToDrawIsNothing) {
  EXPECT_EQ(plot_text({}, options()), "");
  EXPECT_EQ(plot_text({line("a", {NAN})}, options()), "");
  PlotOptions logarithmic = options();
  logarithmic.logarithmic = true;
  EXPECT_EQ(plot_text({line("a", {0, -1})}, logarithmic), "");
  EXPECT_NE(plot_text({line("a", {1, 1000})}, logarithmic).find("1k ┤"), std::string::npos);
}

TEST(TerminalPlot, SmallAndOddSizesHold) {
  PlotOptions small = options();
  small.width = small.height = 0;
  small.end = small.start;
  EXPECT_FALSE(plot_text({line("a", {1, 2})}, small).empty());
  EXPECT_FALSE(plot_text({line("\x1b[31mred", {1e300, -1e300})}, options()).empty());
}

}  // namespace
}  // namespace trilobite::cli
