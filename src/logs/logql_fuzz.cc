// Any query is refused or parses; what is printed parses again and prints the same; its pipeline survives any line.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "logs/parser.h"
#include "logs/pipeline.h"
#include "logs/printer.h"

using namespace trilobite;
using namespace trilobite::logql;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = input.find('\0');  // query, NUL, line
  const std::string_view line = split == std::string_view::npos ? "{\"a\":1} b=2" : input.substr(split + 1);
  const ParseOptions options{.extensions = true};
  const auto parsed = parse(input.substr(0, split), options);
  // What Loki's language has means the same with extensions on.
  if (const auto plain = parse(input.substr(0, split)); plain.ok()) {
    CHECK(parsed.ok());
    CHECK(to_string(*plain) == to_string(*parsed));
  }
  if (!parsed.ok()) return 0;
  const std::string text = to_string(*parsed);
  // A folded division by zero prints as NaN, which is no literal of LogQL.
  if (text.find("NaN") == std::string::npos && text.find("Inf") == std::string::npos) {
    const auto again = parse(text, options);
    CHECK(again.ok() || text.size() > 100'000);
    if (again.ok()) CHECK(to_string(*again) == text);
  }
  to_pretty_string(*parsed);
  if (const auto* log = std::get_if<LogExpr>(&parsed->node)) {
    const auto pipeline = Pipeline::compile(*log, {});
    CHECK(pipeline.ok());
    const LabelSet labels = LabelSet::from_pairs({{"app", "x"}});
    PipelineWorker worker(*pipeline);
    worker.begin_stream(labels);
    for (int i = 0; i < 2; ++i) {
      bool passes = worker.process(1, line, "");
      do {
        if (passes) (void)worker.labels();
      } while (worker.process_next(passes));
    }
  }
  return 0;
}
