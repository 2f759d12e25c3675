// Reads one mapping of a configuration. Names that nobody asked for are errors, so that a typing mistake is found at
// start and not by missing logs. The first mistake is kept; finish() returns it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/labels.h"
#include "agent/yaml_tree.h"

namespace trilobite::agent {

class Fields {
 public:
  // `where` is what the error says in front, such as "clients[0]". An absent or null mapping has no fields.
  Fields(const yaml::Node* node, std::string where);

  // Each leaves `out` alone when the field is absent or null.
  void text(std::string_view name, std::string& out);
  void texts(std::string_view name, std::vector<std::string>& out);  // a list, or one text
  void text_map(std::string_view name, std::vector<std::pair<std::string, std::string>>& out);
  void labels(std::string_view name, Labels& out);  // names are checked
  void boolean(std::string_view name, bool& out);
  void number(std::string_view name, double& out);
  void integer(std::string_view name, std::int64_t& out, std::int64_t min, std::int64_t max);
  void duration(std::string_view name, std::chrono::nanoseconds& out);
  void byte_size(std::string_view name, std::uint64_t& out);
  // The value itself; nullptr when absent or null.
  const yaml::Node* node(std::string_view name);
  // A list's items with the `where` of each.
  struct Item {
    const yaml::Node* node;
    std::string where;
  };
  std::vector<Item> items(std::string_view name);

  void ignore(std::string_view name);       // known, without a meaning for us
  void unsupported(std::string_view name);  // known, and an error when it is given

  // Adds a mistake found by the caller: `what` about the field `name`.
  void mistake(std::string_view name, const std::string& what);
  // Adds the mistake that a mapping inside this one was finished with, as it is.
  void mistake(const Error& inner) { keep(inner); }
  std::string where(std::string_view name) const;

  Result<void> finish();

 private:
  const yaml::Node* take(std::string_view name);
  const std::string* scalar(std::string_view name);
  void keep(Error error);

  const yaml::Node* node_;
  std::string where_;
  std::vector<std::string> known_;
  std::optional<Error> first_;
};

}  // namespace trilobite::agent
