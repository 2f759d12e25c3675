// The labels of one entry while a pipeline may still change them: a small sorted list. What is sent or stored is a
// LabelSet (columnar/label_set.h).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trilobite::agent {

class Labels {
 public:
  using Pair = std::pair<std::string, std::string>;

  Labels() = default;
  Labels(std::initializer_list<Pair> pairs);

  std::string_view get(std::string_view name) const;  // "" when absent
  const std::string* find(std::string_view name) const;
  void set(std::string_view name, std::string_view value);  // replaces
  bool erase(std::string_view name);
  template <class Predicate>
  void erase_if(Predicate predicate) {
    std::erase_if(pairs_, predicate);
  }
  void clear() { pairs_.clear(); }

  bool empty() const { return pairs_.empty(); }
  std::size_t size() const { return pairs_.size(); }
  auto begin() const { return pairs_.begin(); }
  auto end() const { return pairs_.end(); }

  friend bool operator==(const Labels&, const Labels&) = default;

 private:
  std::vector<Pair> pairs_;  // Invariant: sorted by name, names are unique.
};

bool valid_label_name(std::string_view name);         // [a-zA-Z_][a-zA-Z0-9_]*
std::string sanitize_label_name(std::string_view name);  // other characters become '_'

}  // namespace trilobite::agent
