// Typed values of one column of a batch, decoded: what decoders fill, encodings read and write, operators work on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/check.h"

namespace trilobite {

// Strings end to end in one buffer. Row i is bytes[ends[i-1], ends[i]).
struct StringColumn {
  std::string bytes;
  std::vector<std::uint32_t> ends;

  std::size_t size() const { return ends.size(); }
  std::string_view operator[](std::size_t row) const {
    const std::uint32_t start = row == 0 ? 0 : ends[row - 1];
    return std::string_view(bytes).substr(start, ends[row] - start);
  }
  void push_back(std::string_view value) {
    bytes.append(value);
    ends.push_back(static_cast<std::uint32_t>(bytes.size()));
  }
  friend bool operator==(const StringColumn&, const StringColumn&) = default;
};

// Few distinct strings: a code per row. Operators look at each dictionary entry once.
struct DictionaryColumn {
  StringColumn dictionary;
  std::vector<std::uint32_t> codes;

  std::size_t size() const { return codes.size(); }
  std::string_view operator[](std::size_t row) const { return dictionary[codes[row]]; }
  friend bool operator==(const DictionaryColumn&, const DictionaryColumn&) = default;
};

class Column {
 public:
  using Values = std::variant<std::vector<std::int64_t>, std::vector<double>, StringColumn, DictionaryColumn>;

  Column() = default;
  Column(Values values) : values_(std::move(values)) {}  // NOLINT(google-explicit-constructor)

  std::size_t size() const {
    return std::visit([](const auto& values) { return values.size(); }, values_);
  }
  bool is_text() const { return values_.index() >= 2; }
  // REQUIRES: is_text().
  std::string_view text(std::size_t row) const {
    if (const auto* strings = std::get_if<StringColumn>(&values_)) return (*strings)[row];
    return std::get<DictionaryColumn>(values_)[row];
  }
  const Values& values() const { return values_; }
  Values& values() { return values_; }

 private:
  Values values_;
};

}  // namespace trilobite
