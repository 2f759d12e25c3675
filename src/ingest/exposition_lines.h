// What the two text formats share: where a series ends, its labels, numbers, escapes, error texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/label_set.h"

namespace trilobite::ingest {

// Which label is a number by the type of the family: `le` of histograms, `quantile` of summaries.
enum class NumberLabel : std::uint8_t { kNone, kBound, kQuantile };
std::string_view number_label_name(NumberLabel label);

// The value of such a label in its one form: 1 is 1.0, 1e6 is 1e+06; what is no number stays.
std::string normal_number(std::string_view text);
std::string normal_number(double value);

// The length of the series (name, blanks, braces) that `text` begins with; 0 if it begins with none or does not end
// within the line. Only looks for the end: what is inside may still be wrong.
std::size_t series_length(std::string_view text);
// Whether series_length() finds that this text begins with `key`, which it found at the beginning of another.
bool begins_with_series(std::string_view text, std::string_view key);

// name{a="b","c.d"="e"}, {"na.me",a="b"}, {a="b"}. Errors: kInvalid.
Result<LabelSet> parse_series(std::string_view text, NumberLabel number);

// Go's float syntax without hexadecimal and underscores. Every NaN is the same one, so that none is taken for a stale
// marker.
std::optional<double> parse_exposed_value(std::string_view text);
std::optional<std::int64_t> parse_exposed_integer(std::string_view text);

// \\ and \n, and \" if `quotes`.
std::string unescape_exposed(std::string_view text, bool quotes);

// As Go's %q, cut when long.
std::string go_quoted(std::string_view text);

// At the start of the text: blanks, or a token up to a blank or line end; taken off.
void skip_blanks(std::string_view& text);
// The first line without its end; `text` becomes what follows it.
std::string_view take_line(std::string_view& text);
std::string_view take_token(std::string_view& text);
// A metric name as HELP, TYPE and UNIT have it, plain or in quotes; nothing if there is none.
std::optional<std::string> take_name(std::string_view& text);

}  // namespace trilobite::ingest
