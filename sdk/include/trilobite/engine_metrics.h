// Metrics of an engine that makes an exposition of its own (vLLM, SGLang, TensorRT-LLM ...): passed through as text,
// with the labels by which the engine is known here.
//
//   pass_through(endpoint, [&] { return TextOrError{engine.metrics_text()}; },
//                {.include_prefixes = {"vllm:", "lmcache:"}, .model = "llama"});
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <trilobite/metrics.h>

namespace trilobite::instruments {

struct EngineOptions {
  // What metrics' names begin with. None given: all are taken. A metric that both lists know is left out.
  std::vector<std::string> include_prefixes{};
  std::vector<std::string> exclude_prefixes{};

  // Labels that samples get which do not have them: dynamo_namespace, dynamo_component, dynamo_endpoint, then model and
  // model_name. Empty ones are left out; pass_through() takes the first two from the registry's level.
  std::string name_space{};
  std::string component{};
  std::string endpoint = "generate";
  std::string model{};
  Labels labels{};  // further ones, after those above, which win over an equal one of these (with a line in the log)

  std::size_t bytes_max = 64 << 20;  // a larger exposition is refused
};

// Has the engine's exposition appended to that of the registry each time. What fails is logged then, and nothing is
// appended. Returns an error where the labels are impossible: no label names, given twice, or `le` and `quantile`,
// which belong to the metrics themselves.
[[nodiscard]] std::string pass_through(const Registry& registry, Callback<TextOrError()> exposition,
                                       EngineOptions options = {});

// What is appended: lines of metrics that are wanted, HELP and TYPE among them, without blank lines, each ended by a
// line feed. An error names the line that is no sample.
TextOrError engine_text(std::string_view exposition, const EngineOptions& options);

}  // namespace trilobite::instruments
