// Whether a result is what a script expects; if not, how it differs.
#pragma once

#include <string>
#include <vector>

#include "metrics/promql.h"
#include "script.h"

namespace trilobite::promqltest {

// Of the same number but for rounding (1e-6 of their sum); NaN is NaN, a stale marker only a stale marker.
bool nearly_equal(double a, double b);
bool nearly_equal(const metrics::Histogram& got, const metrics::NotedSample& want);

// "" if they agree.
std::string compare_result(const EvalCommand& want, const metrics::QueryResult& got);
// The middle point of the same query over [at - 1m, at + 1m], as an instant answer.
std::string compare_middle(const EvalCommand& want, const metrics::QueryResult& range, TimeNs at);
// Warnings or infos of a level against those expected.
std::string compare_texts(std::string_view level, const std::vector<ExpectedText>& want, bool none,
                          const std::vector<std::string>& got);
bool matches(const ExpectedText& want, const std::string& got);

std::string sample_text(double value, const metrics::Histogram* histogram);

}  // namespace trilobite::promqltest
