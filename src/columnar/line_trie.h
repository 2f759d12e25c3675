// Recognises a line of a JSON or logfmt template that was seen before: piece, value, piece, value ... are compared, not
// parsed. What it finds is what split_json() and split_logfmt() would; what it does not may still be such a line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/line_shape.h"

namespace trilobite::columnar {

class LineTrie {
 public:
  static constexpr std::uint32_t kNone = ~0u;

  LineTrie() : nodes_(1) {}

  // The number of the template, its slots appended; kNone, with nothing of value in `slots`, when none is known.
  std::uint32_t match(std::string_view line, std::vector<TextSpan>& slots) const;
  // A line of a new template. Does nothing when the trie is full or a value is an array.
  void add(LineForm form, std::string_view line, std::span<const TextSpan> slots, std::uint32_t number);

 private:
  enum class Value : std::uint8_t { kJsonString, kJsonBare, kLogfmtQuoted, kLogfmtBare, kEnd };
  struct Edge {
    std::string piece;
    Value value;       // what follows the piece
    std::uint32_t to;  // node behind the value; for kEnd the number of the template
  };
  static const char* value_end(Value value, const char* at, const char* end);

  // By node, longest piece first: of two that fit, one may be the other and a quote.
  std::vector<std::vector<Edge>> nodes_;
};

}  // namespace trilobite::columnar
