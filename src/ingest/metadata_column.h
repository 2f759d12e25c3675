// The metadata column of a batch under construction: a dictionary while few values differ, plain text when most do.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "columnar/column.h"
#include "ingest/level.h"

namespace trilobite::ingest {

class MetadataColumnBuilder {
 public:
  explicit MetadataColumnBuilder(std::size_t rows) { column_.codes.reserve(rows); }

  // Nothing but a level: what most rows have, without hashing.
  void push_level(Level level);
  // Canonical bytes.
  void push(std::string_view bytes) { column_.codes.push_back(code_of(bytes)); }
  void push_code(std::uint32_t code) { column_.codes.push_back(code); }
  // For values that come again and again.
  std::uint32_t code_of(std::string_view bytes);

  std::uint64_t bytes_of_row(std::size_t row) const { return column_[row].size(); }
  Column finish();

 private:
  struct Hash : TextHash {
    using is_avalanching = void;
  };
  DictionaryColumn column_;
  std::array<std::optional<std::uint32_t>, kLevels> level_codes_;
  boost::unordered_flat_map<std::string, std::uint32_t, Hash, std::equal_to<>> codes_;
};

// Canonical bytes of {detected_level="..."}.
std::string level_metadata(std::string_view level);

// What the limits and the discovery of levels want to know of one row's metadata.
struct MetadataFacts {
  bool canonical = true;
  std::size_t pairs = 0;
  std::size_t bytes = 0;                           // names and values
  std::optional<std::string_view> detected_level;  // as it came
  std::optional<std::string_view> level;           // value of the best level field
  std::string_view severity_number;
};
MetadataFacts look_at_metadata(std::string_view metadata);

// Appends canonical `metadata` with detected_level set to `level`.
void append_with_level(std::string& out, std::string_view metadata, std::string_view level);

}  // namespace trilobite::ingest
