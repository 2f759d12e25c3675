// Parsers survive any line, and finding few labels agrees with finding all.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "logs/parser.h"
#include "logs/pipeline.h"

using namespace trilobite;
using namespace trilobite::logql;

namespace {

std::string value_of(PipelineWorker& worker, std::string_view name) {
  for (const RowLabel& label : worker.labels()) {
    if (label.name == name) return std::string(label.value);
  }
  return "";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  static const char* const kQueries[] = {
      R"(count_over_time({app="x"} | json | __error__=~".*" [1m]))",
      R"(count_over_time({app="x"} | logfmt | __error__=~".*" [1m]))",
      R"(count_over_time({app="x"} | json | logfmt --strict | __error__=~".*" [1m]))",
      R"(count_over_time({app="x"} | json a="a.b[0]", b | __error__=~".*" [1m]))",
      R"(count_over_time({app="x"} | unpack | __error__=~".*" [1m]))",
      R"(count_over_time({app="x"} | pattern "<a> <b>" | decolorize | __error__=~".*" [1m]))"};
  const auto parsed = parse(kQueries[data[0] % (sizeof(kQueries) / sizeof(kQueries[0]))]);
  CHECK(parsed.ok());
  const auto& range = std::get<RangeAggregation>(parsed->node);
  const std::string_view line(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto full = Pipeline::compile(range, std::nullopt, {});
  const auto lazy = Pipeline::compile(range, Grouping{false, {"a", "b_c"}}, {});
  CHECK(full.ok() && lazy.ok());
  const LabelSet labels = LabelSet::from_pairs({{"app", "x"}});
  PipelineWorker one(*full), two(*lazy);
  one.begin_stream(labels);
  two.begin_stream(labels);
  const bool kept = one.process(1, line, "");
  CHECK(two.process(1, line, "") == kept);
  if (!kept) return 0;
  CHECK(value_of(one, "a") == value_of(two, "a"));
  CHECK(value_of(one, "b_c") == value_of(two, "b_c"));
  (void)one.group();
  return 0;
}
