// Stream matchers, compiled once, for streams that do not come out of the store.
#pragma once

#include <memory>
#include <vector>

#include "columnar/label_set.h"
#include "storage/store.h"

namespace trilobite::api {

class LabelMatchers {
 public:
  // Regexes are those of a parsed query: they compile.
  explicit LabelMatchers(const std::vector<Matcher>& matchers);
  ~LabelMatchers();
  LabelMatchers(LabelMatchers&&) noexcept;
  bool match(const LabelSet& labels) const;  // any thread

 private:
  struct Compiled;
  std::vector<Compiled> all_;
};

}  // namespace trilobite::api
