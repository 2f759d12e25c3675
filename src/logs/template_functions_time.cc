// Times. Everything is UTC, the time zone of the server's answers.
#include <array>
#include <charconv>

#include "logs/template_functions.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

using Value = TemplateValue;

// date takes a time, or seconds since 1970.
GoTime any_time(const Value& value, const TemplateInput& input) {
  if (const auto* time = std::get_if<GoTime>(&value.data)) return *time;
  if (const auto* seconds = std::get_if<std::int64_t>(&value.data)) return {*seconds, 0};
  return GoTime::from_ns(input.now);
}

Result<Value> date(const TemplateCall& call) {
  TRY(layout, call.text(0));
  return Value(format_time(any_time(call[1], call.input), layout));
}

Result<Value> to_date(const TemplateCall& call) {
  TRY(layout, call.text(0));
  TRY(text, call.text(1));
  return Value(parse_time(layout, text, "UTC").value_or(GoTime{}));
}

Result<Value> to_date_in_zone(const TemplateCall& call) {
  TRY(layout, call.text(0));
  TRY(zone, call.text(1));
  TRY(text, call.text(2));
  return Value(parse_time(layout, text, zone).value_or(GoTime{}));
}

template <std::int64_t (*F)(const GoTime&)>
Result<Value> epoch(const TemplateCall& call) {
  TRY(time, call.time(0));
  return Value(fmt::format("{}", F(time)));
}

// The number of digits says the unit.
Result<Value> unix_to_time(const TemplateCall& call) {
  TRY(text, call.text(0));
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) {
    return error(Code::kInvalid, "unable to parse time '{}': strconv.ParseInt: parsing {}: invalid syntax", text,
                 quote(text));
  }
  switch (text.size()) {
    case 5: return Value(GoTime{number * 86400, 0});
    case 10: return Value(GoTime{number, 0});
    case 13: return Value(GoTime::from_ns(number * 1'000'000));
    case 16: return Value(GoTime::from_ns(number * 1'000));
    case 19: return Value(GoTime::from_ns(number));
    default: return error(Code::kInvalid, "unable to parse time '{}': timestamp format unknown", text);
  }
}

constexpr std::array<TemplateFunction, 9> kFunctions{{
    {"now", 0, 0, [](const TemplateCall& call) -> Result<Value> { return Value(GoTime::from_ns(call.input.now)); }},
    {"__timestamp__", 0, 0,
     [](const TemplateCall& call) -> Result<Value> { return Value(GoTime::from_ns(call.input.time)); }},
    {"date", 2, 2, date},
    {"toDate", 2, 2, to_date},
    {"toDateInZone", 3, 3, to_date_in_zone},
    {"unixEpoch", 1, 1, epoch<[](const GoTime& time) { return time.seconds; }>},
    {"unixEpochMillis", 1, 1, epoch<[](const GoTime& time) { return time.unix_millis(); }>},
    {"unixEpochNanos", 1, 1, epoch<[](const GoTime& time) { return time.unix_nanos(); }>},
    {"unixToTime", 1, 1, unix_to_time},
}};

}  // namespace

std::span<const TemplateFunction> time_functions() { return kFunctions; }

}  // namespace trilobite::logql
