#include "metrics/function_table.h"

#include <unordered_map>

namespace trilobite::metrics {

namespace {

Result<StepVector> missing(Evaluator&, const Expr&, const Call& call) {
  return error(Code::kUnsupported, "function {} cannot be evaluated", call.function->name);
}
constexpr Function kMissing{.name = "", .vector = missing};

}  // namespace

const Function& find_implementation(std::string_view name) {
  static const auto kTable = [] {
    std::unordered_map<std::string_view, const Function*> table;
    for (const std::span<const Function> kind :
         {math_functions(), time_functions(), label_functions(), order_functions(), presence_functions(),
          bucket_functions(), histogram_functions(), range_functions(), info_functions()}) {
      for (const Function& function : kind) table.emplace(function.name, &function);
    }
    return table;
  }();
  const auto found = kTable.find(name);
  return found == kTable.end() ? kMissing : *found->second;
}

}  // namespace trilobite::metrics
