#include "storage/column_builder.h"

#include <bit>

namespace trilobite::storage {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFFu;
// A coded column whose entries are more than this and than half the rows goes on as plain text.
constexpr std::size_t kEntriesFew = 4096;

template <class T>
std::vector<T> gather_numbers(const std::vector<T>& from, std::span<const std::uint32_t> rows) {
  std::vector<T> out;
  out.reserve(rows.size());
  for (const std::uint32_t row : rows) out.push_back(from[row]);
  return out;
}

StringColumn gather_text(const StringColumn& from, std::span<const std::uint32_t> rows) {
  StringColumn out;
  std::size_t bytes = 0;
  for (const std::uint32_t row : rows) bytes += from[row].size();
  out.bytes.reserve(bytes);
  out.ends.reserve(rows.size());
  for (const std::uint32_t row : rows) out.push_back(from[row]);
  return out;
}

DictionaryColumn gather_coded(const DictionaryColumn& from, std::span<const std::uint32_t> rows) {
  DictionaryColumn out;
  if (from.dictionary.size() <= rows.size()) {
    out.dictionary = from.dictionary;
    out.codes = gather_numbers(from.codes, rows);
    return out;
  }
  std::vector<std::uint32_t> code_of(from.dictionary.size(), kNone);
  out.codes.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    std::uint32_t& code = code_of[from.codes[row]];
    if (code == kNone) {
      code = static_cast<std::uint32_t>(out.dictionary.size());
      out.dictionary.push_back(from.dictionary[from.codes[row]]);
    }
    out.codes.push_back(code);
  }
  return out;
}

DictionaryColumn empty_text(std::size_t rows) {
  DictionaryColumn out;
  if (rows > 0) out.dictionary.push_back({});
  out.codes.assign(rows, 0);
  return out;
}

}  // namespace

Column gather(const Column& from, std::span<const std::uint32_t> rows) {
  if (from.size() == 0) return Column(empty_text(rows.size()));
  if (const auto* text = std::get_if<StringColumn>(&from.values())) return Column(gather_text(*text, rows));
  if (const auto* coded = std::get_if<DictionaryColumn>(&from.values())) return Column(gather_coded(*coded, rows));
  if (const auto* ints = std::get_if<std::vector<std::int64_t>>(&from.values()))
    return Column(gather_numbers(*ints, rows));
  return Column(gather_numbers(std::get<std::vector<double>>(from.values()), rows));
}

Hash128 hash_row(std::span<const ColumnSchema> schema, std::span<const Column* const> columns, std::size_t row) {
  // The bytes of all values, each text with its length, so that no two different rows give the same input.
  std::string bytes;
  const auto put = [&](const auto& number) { bytes.append(reinterpret_cast<const char*>(&number), sizeof number); };
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const Column& column = *columns[i];
    if (schema[i].is_text()) {
      const std::string_view value = column.size() == 0 ? std::string_view() : column.text(row);
      put(std::uint64_t{value.size()});
      bytes.append(value);
    } else if (schema[i].kind == ColumnKind::kInt) {
      put(std::get<std::vector<std::int64_t>>(column.values())[row]);
    } else {
      put(std::get<std::vector<double>>(column.values())[row]);
    }
  }
  return hash128(bytes);
}

void ColumnBuilder::reset() {
  switch (schema_.kind) {
    case ColumnKind::kText: out_ = Column(StringColumn{}); break;
    case ColumnKind::kTextCoded: out_ = Column(DictionaryColumn{}); break;
    case ColumnKind::kInt: out_ = Column(std::vector<std::int64_t>{}); break;
    case ColumnKind::kDouble: out_ = Column(std::vector<double>{}); break;
  }
  text_bytes_ = 0;
  codes_.clear();
  entries_.clear();
  translated_id_ = 0;
}

Column ColumnBuilder::finish() {
  Column out = std::move(out_);
  reset();
  return out;
}

void ColumnBuilder::append(const Column& from, std::uint64_t from_id, std::size_t begin, std::size_t end) {
  if (std::holds_alternative<DictionaryColumn>(out_.values())) return append_coded(from, from_id, begin, end);
  if (std::holds_alternative<StringColumn>(out_.values())) return append_text(from, begin, end);
  const auto extend = [&]<class T>(std::vector<T>& out) {
    const auto& in = std::get<std::vector<T>>(from.values());
    out.insert(out.end(), in.begin() + static_cast<std::ptrdiff_t>(begin),
               in.begin() + static_cast<std::ptrdiff_t>(end));
  };
  if (auto* ints = std::get_if<std::vector<std::int64_t>>(&out_.values())) return extend(*ints);
  extend(std::get<std::vector<double>>(out_.values()));
}

void ColumnBuilder::append_text(const Column& from, std::size_t begin, std::size_t end) {
  auto& out = std::get<StringColumn>(out_.values());
  if (from.size() == 0) {
    out.ends.insert(out.ends.end(), end - begin, static_cast<std::uint32_t>(out.bytes.size()));
  } else if (const auto* text = std::get_if<StringColumn>(&from.values())) {
    // One copy for all the rows, then their ends moved to where they are now.
    const std::uint32_t first = begin == 0 ? 0 : text->ends[begin - 1];
    const std::uint32_t last = end == 0 ? 0 : text->ends[end - 1];
    const auto shift = static_cast<std::uint32_t>(out.bytes.size()) - first;
    out.bytes.append(text->bytes, first, last - first);
    for (std::size_t row = begin; row < end; ++row) out.ends.push_back(text->ends[row] + shift);
  } else {
    for (std::size_t row = begin; row < end; ++row) out.push_back(from.text(row));
  }
  text_bytes_ = out.bytes.size();
}

std::uint32_t ColumnBuilder::code_of(std::string_view value) {
  if (const auto found = codes_.find(value); found != codes_.end()) return found->second;
  auto& out = std::get<DictionaryColumn>(out_.values());
  const auto code = static_cast<std::uint32_t>(out.dictionary.size());
  out.dictionary.push_back(value);
  codes_.emplace(entries_.emplace_back(value), code);
  return code;
}

void ColumnBuilder::append_coded(const Column& from, std::uint64_t from_id, std::size_t begin, std::size_t end) {
  auto& out = std::get<DictionaryColumn>(out_.values());
  if (from.size() == 0) {
    out.codes.insert(out.codes.end(), end - begin, code_of({}));
  } else if (const auto* coded = std::get_if<DictionaryColumn>(&from.values())) {
    if (translated_id_ != from_id) {
      translated_.assign(coded->dictionary.size(), kNone);
      translated_id_ = from_id;
    }
    for (std::size_t row = begin; row < end; ++row) {
      std::uint32_t& code = translated_[coded->codes[row]];
      if (code == kNone) code = code_of(coded->dictionary[coded->codes[row]]);
      out.codes.push_back(code);
      text_bytes_ += out.dictionary[code].size();
    }
  } else {
    for (std::size_t row = begin; row < end; ++row) {
      out.codes.push_back(code_of(from.text(row)));
      text_bytes_ += from.text(row).size();
    }
  }
  if (out.dictionary.size() > kEntriesFew && out.dictionary.size() > out.size() / 2) give_up_codes();
}

void ColumnBuilder::give_up_codes() {
  const auto coded = std::get<DictionaryColumn>(std::move(out_.values()));
  StringColumn plain;
  plain.bytes.reserve(text_bytes_);
  for (const std::uint32_t code : coded.codes) plain.push_back(coded.dictionary[code]);
  out_ = Column(std::move(plain));
  codes_.clear();
  entries_.clear();
}

}  // namespace trilobite::storage
