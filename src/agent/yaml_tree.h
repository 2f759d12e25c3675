// A YAML document as plain values with line numbers, so that configuration code needs no YAML library and every error
// can say where it is.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace trilobite::agent::yaml {

enum class Kind { kNull, kScalar, kList, kMap };

struct Node {
  // Not here: the list of pairs can be taken apart only where Node is complete.
  Node();
  ~Node();
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;

  Kind kind = Kind::kNull;
  int line = 0;      // from 1
  std::string text;  // kScalar
  std::vector<Node> list;
  std::vector<std::pair<std::string, Node>> map;  // in the order of the document; names are unique

  const Node* find(std::string_view name) const;
};

// One document. Merge keys (`<<`) are resolved; a name given twice is an error.
Result<Node> parse(std::string_view text);

}  // namespace trilobite::agent::yaml
