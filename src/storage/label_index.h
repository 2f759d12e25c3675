// The inverted index of a part: section "index". Immutable; any thread.
#pragma once

#include <memory>
#include <span>

#include "columnar/column.h"
#include "columnar/label_set.h"
#include "storage/postings.h"

namespace trilobite::storage {

class LabelIndex final : public Postings {
 public:
  // Series i has label set sets[i]. REQUIRES: sorted.
  static std::string encode(std::span<const LabelSetRef> sets);
  static Result<std::shared_ptr<const LabelIndex>> decode(std::string_view section, std::uint32_t series);

  std::uint32_t series() const override { return series_; }
  void add(std::string_view name, std::string_view value, SeriesSet& out) const override;
  void add_if(std::string_view name, std::string_view from, std::string_view to, const Keep& keep,
              SeriesSet& out) const override;
  std::vector<std::string> names(const SeriesSet* within) const override;
  std::vector<std::string> values(std::string_view name, const SeriesSet* within) const override;
  std::size_t bytes() const;  // memory

 private:
  struct Numbers {  // at most kNumbersPlainMax: plain_[at ..]; more: large_[at]
    std::uint32_t count = 0, at = 0;
  };
  struct Name {
    std::string name;
    StringColumn values;  // sorted
    std::vector<Numbers> numbers;
  };
  const Name* find(std::string_view name) const;
  void add(const Numbers& numbers, SeriesSet& out) const;
  bool meets(const Numbers& numbers, const SeriesSet& within) const;

  std::uint32_t series_ = 0;
  std::vector<Name> names_;  // sorted
  std::vector<std::uint32_t> plain_;
  std::vector<SeriesSet> large_;
};

}  // namespace trilobite::storage
