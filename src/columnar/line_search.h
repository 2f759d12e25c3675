// Conditions on split lines, answered from templates, dictionaries and typed values; lines are put together only where
// that does not settle it. The answer is always the one that searching the lines' text would give.
#pragma once

#include <cstdint>
#include <vector>

#include "columnar/lines.h"
#include "columnar/predicate.h"

namespace trilobite::columnar {

// Rows of a block: all of `size`, or some of them in ascending order.
class RowSelection {
 public:
  explicit RowSelection(std::size_t size) : size_(size) {}                       // all
  RowSelection(std::size_t size, std::vector<std::uint32_t> rows) : size_(size), all_(false), rows_(std::move(rows)) {}

  bool all() const { return all_; }
  bool empty() const { return count() == 0; }
  std::size_t size() const { return size_; }
  std::size_t count() const { return all_ ? size_ : rows_.size(); }
  // REQUIRES: !all().
  const std::vector<std::uint32_t>& rows() const { return rows_; }
  std::vector<std::uint32_t>& rows() { return rows_; }
  void make_explicit() {
    if (!all_) return;
    rows_.resize(size_);
    for (std::uint32_t row = 0; row < size_; ++row) rows_[row] = row;
    all_ = false;
  }
  void clear() {
    all_ = false;
    rows_.clear();
  }

 private:
  std::size_t size_;
  bool all_ = true;
  std::vector<std::uint32_t> rows_;
};

// Keeps those of `rows` whose line passes. REQUIRES: rows.size() == lines.rows().
Result<void> select_lines(const Predicate& predicate, const Templates& lines, RowSelection& rows);

// False only if no line of the block can pass, found without reading the values of slots (templates, dictionaries of
// the header, bytes_possible(), may_have()).
Result<bool> may_have_line(const Predicate& predicate, const Templates& lines);

}  // namespace trilobite::columnar
