// How many series there are and of what: which names, labels and pairs have most of them.
#pragma once

#include <string>
#include <vector>

#include "storage/store.h"

namespace trilobite {

struct Cardinality {
  struct Count {
    std::string name;
    std::uint64_t value = 0;
  };
  std::uint64_t series = 0, label_pairs = 0, rows = 0;  // pairs: different ones
  // The greatest first, of equal ones the first by name.
  std::vector<Count> series_by_metric;  // value of __name__ -> series
  std::vector<Count> values_by_label;   // label name -> different values
  std::vector<Count> bytes_by_label;    // label name -> bytes of name and value in all series, as they are kept
  std::vector<Count> series_by_pair;    // "name=value" -> series
  struct Named {
    std::string name;
    std::uint64_t series = 0, values = 0, bytes = 0;  // bytes of labels
  };
  std::vector<Named> metrics;  // those with most series; values: samples
  std::vector<Named> labels;   // those with most bytes
};

// Of the series that match; of each list at most `limit`.
Result<Cardinality> count_labels(Store& store, const IndexRequest& request, std::size_t limit);

}  // namespace trilobite
