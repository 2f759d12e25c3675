// The inverted index of one part or one head table: label name -> value -> set of series numbers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/series_set.h"

namespace trilobite::storage {

class Postings {
 public:
  virtual ~Postings() = default;
  virtual std::uint32_t series() const = 0;  // the numbers are 0 .. series() - 1

  // Adds the series that have this label.
  virtual void add(std::string_view name, std::string_view value, SeriesSet& out) const = 0;
  // Adds the series whose value of `name` is at least `from`, at most `to` (if it is not empty), and passes `keep`,
  // which is called once per distinct value and outside of any lock.
  using Keep = std::function<bool(std::string_view)>;
  virtual void add_if(std::string_view name, std::string_view from, std::string_view to, const Keep& keep,
                      SeriesSet& out) const = 0;

  // Label names and values of the series in `within` (null: of all); in no order.
  virtual std::vector<std::string> names(const SeriesSet* within) const = 0;
  virtual std::vector<std::string> values(std::string_view name, const SeriesSet* within) const = 0;
};

}  // namespace trilobite::storage
