#include "columnar/batch.h"

#include <algorithm>

namespace trilobite {
namespace {

Result<void> check_text(const StringColumn& text) {
  std::uint32_t previous = 0;
  for (const std::uint32_t end : text.ends) {
    if (end < previous) return error(Code::kInvalid, "ends of its values go back");
    previous = end;
  }
  if (previous != text.bytes.size())
    return error(Code::kInvalid, "its values end at {} of {} bytes", previous, text.bytes.size());
  return {};
}

Result<void> check_column(const Column& column) {
  if (const auto* text = std::get_if<StringColumn>(&column.values())) return check_text(*text);
  if (const auto* coded = std::get_if<DictionaryColumn>(&column.values())) {
    TRY_VOID(check_text(coded->dictionary));
    const auto largest = std::max_element(coded->codes.begin(), coded->codes.end());
    if (largest != coded->codes.end() && *largest >= coded->dictionary.size()) {
      return error(Code::kInvalid, "code {} of a dictionary of {} entries", *largest, coded->dictionary.size());
    }
  }
  return {};
}

struct BytesOf {
  template <class T>
  std::size_t operator()(const std::vector<T>& values) const {
    return values.size() * sizeof(T);
  }
  std::size_t operator()(const StringColumn& text) const { return text.bytes.size() + (*this)(text.ends); }
  std::size_t operator()(const DictionaryColumn& coded) const {
    return (*this)(coded.dictionary) + (*this)(coded.codes);
  }
};

}  // namespace

Result<void> Batch::validate() const {
  if (label_set_of_row.size() != rows()) {
    return error(Code::kInvalid, "batch has {} rows but label sets for {}", rows(), label_set_of_row.size());
  }
  for (const LabelSetRef& set : label_sets) {
    if (!set) return error(Code::kInvalid, "batch has a label set that is missing");
  }
  for (const std::uint32_t index : label_set_of_row) {
    if (index >= label_sets.size())
      return error(Code::kInvalid, "batch has label set {} of {}", index, label_sets.size());
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const NamedColumn& entry = columns[i];
    if (entry.column.size() != rows()) {
      return error(Code::kInvalid, "batch has {} rows but column {} has {}", rows(), entry.name, entry.column.size());
    }
    if (auto checked = check_column(entry.column); !checked.ok()) {
      return std::move(checked).error().within("batch has a bad column {}", entry.name);
    }
    if (find(entry.name) != &entry.column) return error(Code::kInvalid, "batch has column {} twice", entry.name);
  }
  return {};
}

std::size_t Batch::bytes() const {
  std::size_t total = BytesOf{}(label_set_of_row) + BytesOf{}(times);
  for (const LabelSetRef& set : label_sets) total += sizeof(set) + (set ? set->bytes().size() : 0);
  for (const NamedColumn& entry : columns) total += entry.name.size() + std::visit(BytesOf{}, entry.column.values());
  return total;
}

}  // namespace trilobite
