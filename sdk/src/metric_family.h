// A metric with all its series.
#pragma once

#include <atomic>
#include <memory>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <trilobite/metrics.h>

#include "metric_cells.h"

namespace trilobite::instruments {

bool is_vector(Type type);
std::string_view type_name(Type type);  // "CounterVec"

// Labels with one value for each, sorted by name, and as both text formats write them: `a="1",b="2"`.
struct Series {
  Labels labels;
  std::string labels_text;
  detail::Ref<detail::Counted> cell;
};

// What a family is made from; valid by then.
struct FamilyOptions {
  Type type = Type::kCounter;
  std::string name;
  std::string help;
  Labels const_labels;
  std::vector<std::string> variable_names;
  std::shared_ptr<const detail::HistogramLayout> histogram;
  std::shared_ptr<const detail::SummaryLayout> summary;
  std::size_t series_max = 0;
};

class Family : public detail::Counted {
 public:
  explicit Family(FamilyOptions options);
  const FamilyOptions& options() const { return options_; }

  // The series of these values; a fresh cell that nothing exposes for a wrong number of values or beyond the maximum.
  detail::Ref<detail::Counted> find_or_make(const std::string_view* values, std::size_t count);
  bool remove(const std::string_view* values, std::size_t count);
  void clear();

  // All series, sorted by the values of their labels.
  std::vector<std::shared_ptr<const Series>> series();

 private:
  struct Values {
    const std::string_view* values;
    std::size_t count;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Values& values) const;
    std::size_t operator()(const std::vector<std::string>& values) const;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const std::vector<std::string>& a, const std::vector<std::string>& b) const { return a == b; }
    bool operator()(const Values& a, const std::vector<std::string>& b) const;
    bool operator()(const std::vector<std::string>& a, const Values& b) const { return (*this)(b, a); }
  };

  detail::Ref<detail::Counted> make_cell() const;
  void complain_once(std::string_view what, std::size_t number);

  const FamilyOptions options_;
  std::atomic<bool> complained_{false};
  std::shared_mutex mutex_;  // guards what follows
  std::unordered_map<std::vector<std::string>, std::shared_ptr<const Series>, Hash, Equal> by_values_;
  std::vector<std::shared_ptr<const Series>> sorted_;
  bool sorted_valid_ = true;
};

}  // namespace trilobite::instruments
