// Functions of time: of the evaluation, of samples, and the calendar.
#include <algorithm>
#include <array>
#include <limits>

#include "metrics/function_table.h"

namespace trilobite::metrics {
namespace {

using query::is_present;

struct CivilTime {
  std::int64_t year = 1970;
  int month = 1, day = 1, hour = 0, minute = 0;
  int day_of_week = 0;  // 0: Sunday
  int day_of_year = 1;
};

bool is_leap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_in(std::int64_t year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

// Whole seconds as Go converts them: what does not fit, NaN too, is the least number there is.
std::int64_t whole_seconds(double seconds) {
  const bool fits = seconds > -9.2e18 && seconds < 9.2e18;
  return fits ? static_cast<std::int64_t>(seconds) : std::numeric_limits<std::int64_t>::min();
}

// The Gregorian calendar in UTC, also before it was introduced. Counts from the first day of a year so early that no
// time lies before it, wrapping around as Go does.
CivilTime civil_time(double seconds) {
  constexpr std::int64_t kFirstYear = -292277022399;                    // one more than a multiple of 400
  constexpr std::uint64_t kFromFirstYear = 9'223'372'028'715'321'600u;  // seconds to 1970
  const std::uint64_t second = static_cast<std::uint64_t>(whole_seconds(seconds)) + kFromFirstYear;
  const std::uint64_t day = second / 86400;
  CivilTime out;
  out.hour = static_cast<int>(second % 86400 / 3600);
  out.minute = static_cast<int>(second % 3600 / 60);
  out.day_of_week = static_cast<int>((day + 1) % 7);  // the first day is a Monday
  auto rest = static_cast<int>(day % 146097);         // days in 400 years
  const int centuries = std::min(rest / 36524, 3);
  rest -= centuries * 36524;
  const int fours = rest / 1461;
  rest -= fours * 1461;
  const int years = std::min(rest / 365, 3);
  rest -= years * 365;
  out.year = static_cast<std::int64_t>(day / 146097) * 400 + centuries * 100 + fours * 4 + years + kFirstYear;
  out.day_of_year = rest + 1;
  while (rest >= days_in(out.year, out.month)) rest -= days_in(out.year, out.month++);
  out.day = rest + 1;
  return out;
}

struct CalendarFunction {
  std::string_view name;
  double (*apply)(const CivilTime& time);
};
constexpr CalendarFunction kCalendar[] = {
    {"year", [](const CivilTime& time) { return static_cast<double>(time.year); }},
    {"month", [](const CivilTime& time) { return static_cast<double>(time.month); }},
    {"day_of_month", [](const CivilTime& time) { return static_cast<double>(time.day); }},
    {"day_of_week", [](const CivilTime& time) { return static_cast<double>(time.day_of_week); }},
    {"day_of_year", [](const CivilTime& time) { return static_cast<double>(time.day_of_year); }},
    {"days_in_month", [](const CivilTime& time) { return static_cast<double>(days_in(time.year, time.month)); }},
    {"hour", [](const CivilTime& time) { return static_cast<double>(time.hour); }},
    {"minute", [](const CivilTime& time) { return static_cast<double>(time.minute); }},
};

Result<void> stream_calendar(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  double (*apply)(const CivilTime&) = nullptr;
  for (const CalendarFunction& function : kCalendar) {
    if (function.name == call.function->name) apply = function.apply;
  }
  CHECK(apply != nullptr);
  if (call.arguments.empty()) {
    StepSeries series = empty_series({}, evaluator.steps());
    for (std::size_t step = 0; step < evaluator.steps(); ++step) {
      series.values[step] = apply(civil_time(seconds_of(evaluator.grid().at(step))));
    }
    return sink(0, std::move(series));
  }
  const auto map = [&](StepSeries& series) {
    series.histograms.clear();
    for (double& value : series.values) {
      if (is_present(value)) value = apply(civil_time(value));
    }
  };
  return evaluator.stream_mapped(*call.arguments[0], true, map, sink);
}

Result<ScalarColumn> scalar_time(Evaluator& evaluator, const Expr&, const Call&) {
  ScalarColumn out;
  out.values.resize(evaluator.steps());
  for (std::size_t step = 0; step < out.values.size(); ++step) {
    out.values[step] = seconds_of(evaluator.grid().at(step));
  }
  return out;
}

// Of a selector: times of its samples.
Result<void> stream_times_of(Evaluator& evaluator, const Expr& argument, const VectorSelector& selector,
                             Evaluator::TimeOf what, const SeriesSink& sink) {
  const auto produce = [&](const SeriesSink& to) {
    return evaluator.stream_sample_times(selector, what, [&](std::size_t worker, StepSeries series) {
      evaluator.drop_name(series);
      return to(worker, std::move(series));
    });
  };
  if (evaluator.names_stay() || has_one_name(argument)) return produce(sink);
  TRY(all, evaluator.collect_from(produce, Joining::kWhereApart));
  for (StepSeries& series : all.series) TRY_VOID(sink(0, std::move(series)));
  return {};
}

Result<void> stream_timestamp(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  const Expr& argument = unwrapped(*call.arguments[0]);
  if (const auto* selector = std::get_if<VectorSelector>(&argument.node)) {
    return stream_times_of(evaluator, argument, *selector, Evaluator::TimeOf::kSample, sink);
  }
  const auto map = [&](StepSeries& series) {
    for (std::size_t step = 0; step < series.values.size(); ++step) {
      if (series.has(step)) series.values[step] = seconds_of(evaluator.grid().at(step));
    }
    series.histograms.clear();
  };
  return evaluator.stream_mapped(argument, true, map, sink);
}

// What is computed has no start.
Result<void> stream_start_timestamp(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  const Expr& argument = unwrapped(*call.arguments[0]);
  const auto* selector = std::get_if<VectorSelector>(&argument.node);
  if (selector != nullptr) {
    return stream_times_of(evaluator, argument, *selector, Evaluator::TimeOf::kStart, sink);
  }
  TRY(all, evaluator.vector(*call.arguments[0]));
  return {};
}

Result<ScalarColumn> scalar_start(Evaluator& evaluator, const Expr&, const Call&) {
  return ScalarColumn{{seconds_of(evaluator.query().grid.start)}};
}
Result<ScalarColumn> scalar_end(Evaluator& evaluator, const Expr&, const Call&) {
  return ScalarColumn{{seconds_of(evaluator.query().grid.end)}};
}
Result<ScalarColumn> scalar_step(Evaluator& evaluator, const Expr&, const Call&) {
  return ScalarColumn{{seconds_of(evaluator.query().grid.step)}};
}
Result<ScalarColumn> scalar_range(Evaluator& evaluator, const Expr&, const Call&) {
  const query::TimeGrid& grid = evaluator.query().grid;
  return ScalarColumn{{seconds_of(grid.end - grid.start)}};
}

constexpr Function kOthers[] = {
    {.name = "time", .scalar = scalar_time},
    {.name = "timestamp", .stream = stream_timestamp},
    {.name = "start_timestamp", .stream = stream_start_timestamp},
    {.name = "start", .scalar = scalar_start},
    {.name = "end", .scalar = scalar_end},
    {.name = "step", .scalar = scalar_step},
    {.name = "range", .scalar = scalar_range},
};

constexpr auto kFunctions = [] {
  std::array<Function, std::size(kCalendar) + std::size(kOthers)> rows;
  std::size_t count = 0;
  for (const CalendarFunction& function : kCalendar) rows[count++] = {.name = function.name, .stream = stream_calendar};
  for (const Function& function : kOthers) rows[count++] = function;
  return rows;
}();

}  // namespace

std::span<const Function> time_functions() { return kFunctions; }

}  // namespace trilobite::metrics
