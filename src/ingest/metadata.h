// Structured metadata of one entry on its way into canonical bytes: names made valid, empty values dropped, sorted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trilobite::ingest {

// Appends `name` as a label name: other characters than letters, digits and _ become _, runs of _ collapse, a digit in
// front gets key_ before it. A name without any letter or digit is refused.
Result<void> append_metadata_name(std::string& out, std::string_view name);

// Reused from entry to entry, so that it does not allocate. Views must live until bytes() is called.
class MetadataBuilder {
 public:
  void clear();
  Result<void> add(std::string_view name, std::string_view value);
  // A name that append_metadata_name would leave as it is.
  void add_valid(std::string_view name, std::string_view value);
  // Adds, or replaces the value that is there.
  void set(std::string_view name, std::string_view value);
  bool empty() const { return pairs_.empty(); }
  // Canonical bytes of a LabelSet; of two equal names the first wins. Valid until the next call of anything.
  std::string_view bytes();

 private:
  struct Pair {
    std::size_t name_start = 0, name_length = 0;  // in names_
    std::string_view value;
  };
  std::string_view name(const Pair& pair) const {
    return std::string_view(names_).substr(pair.name_start, pair.name_length);
  }

  std::string names_;
  std::vector<Pair> pairs_;
  std::string bytes_;
};

}  // namespace trilobite::ingest
