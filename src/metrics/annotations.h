// What a query has to say besides its result: warnings and infos, each text once, with its last place in the query.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/ast.h"

namespace trilobite::metrics {

// Any thread may add.
class Annotations {
 public:
  // `text` without the prefix "PromQL warning: " or "PromQL info: ", which these add, and without the place.
  void warn(std::string_view text, Position at);
  void info(std::string_view text, Position at);

  // Complete texts, " (line:col)" of `query` at the end, at most `max` and one line that says how many more; sorted.
  std::vector<std::string> warnings(std::string_view query, std::size_t max = 10) const;
  std::vector<std::string> infos(std::string_view query, std::size_t max = 10) const;
  bool any() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint32_t, std::less<>> warnings_, infos_;  // text: start in the query
};

}  // namespace trilobite::metrics
