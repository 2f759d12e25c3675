#include "storage/label_index.h"

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/compress.h"
#include "storage/front_coding.h"
#include "storage/limits.h"

namespace trilobite::storage {
namespace {

constexpr std::uint32_t kNumbersPlainMax = 16;  // a Roaring set of one container takes some 100 bytes of memory

// As steps: what repeats is left to zstd, and damage cannot make a set that is not one.
void put_numbers(ByteWriter& out, const std::vector<std::uint32_t>& numbers) {
  out.varint(numbers.size());
  std::uint32_t previous = 0;
  for (const std::uint32_t number : numbers) {
    out.varint(number - previous);
    previous = number;
  }
}

Result<std::vector<std::uint32_t>> get_numbers(ByteReader& in, std::uint32_t series) {
  TRY(count, in.varint());
  if (count == 0 || count > series || count > in.left())
    return error(Code::kCorrupt, "{} of {} series have a label", count, series);
  std::vector<std::uint32_t> out;
  out.reserve(static_cast<std::size_t>(count));
  std::uint64_t number = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(step, in.varint());
    if (step >= series || number + step >= series)
      return error(Code::kCorrupt, "a series behind the last of {}", series);
    number += step;
    out.push_back(static_cast<std::uint32_t>(number));
  }
  return out;
}

}  // namespace

std::string LabelIndex::encode(std::span<const LabelSetRef> sets) {
  std::map<std::string_view, std::map<std::string_view, std::vector<std::uint32_t>>> index;
  for (std::uint32_t i = 0; i < sets.size(); ++i) {
    for (const auto& [name, value] : *sets[i]) index[name][value].push_back(i);
  }
  std::string raw;
  ByteWriter out(raw);
  out.varint(index.size());
  FrontCoder names;
  for (const auto& [name, values] : index) {
    names.put(out, name);
    out.varint(values.size());
    FrontCoder texts;
    for (const auto& [value, numbers] : values) {
      texts.put(out, value);
      put_numbers(out, numbers);
    }
  }
  return zstd_compress(raw);
}

Result<std::shared_ptr<const LabelIndex>> LabelIndex::decode(std::string_view section, std::uint32_t series) {
  TRY(raw, zstd_decompress(section, kSectionBytesMax));
  auto out = std::make_shared<LabelIndex>();
  out->series_ = series;
  ByteReader in(raw);
  TRY(name_count, in.varint());
  FrontDecoder names;
  for (std::uint64_t i = 0; i < name_count; ++i) {
    TRY(name, names.get(in));
    Name entry;
    entry.name = std::string(name);
    TRY(value_count, in.varint());
    FrontDecoder texts;
    for (std::uint64_t v = 0; v < value_count; ++v) {
      TRY(value, texts.get(in));
      entry.values.push_back(value);
      TRY(list, get_numbers(in, series));
      Numbers numbers{static_cast<std::uint32_t>(list.size()), static_cast<std::uint32_t>(out->plain_.size())};
      if (list.size() <= kNumbersPlainMax) {
        out->plain_.insert(out->plain_.end(), list.begin(), list.end());
      } else {
        numbers.at = static_cast<std::uint32_t>(out->large_.size());
        SeriesSet set(list.size(), list.data());
        set.runOptimize();
        out->large_.push_back(std::move(set));
      }
      entry.numbers.push_back(numbers);
    }
    out->names_.push_back(std::move(entry));
  }
  if (!in.done()) return error(Code::kCorrupt, "{} bytes behind the label index", in.left());
  return std::shared_ptr<const LabelIndex>(std::move(out));
}

const LabelIndex::Name* LabelIndex::find(std::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), name,
                                      [](const Name& a, std::string_view b) { return a.name < b; });
  return found != names_.end() && found->name == name ? &*found : nullptr;
}

namespace {

// First value that is not below (`after`: that is above) `text`.
std::size_t bound(const StringColumn& values, std::string_view text, bool after) {
  std::size_t low = 0, high = values.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (values[middle] < text || (after && values[middle] == text)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace

void LabelIndex::add(const Numbers& numbers, SeriesSet& out) const {
  if (numbers.count > kNumbersPlainMax) {
    out |= large_[numbers.at];
  } else {
    out.addMany(numbers.count, plain_.data() + numbers.at);
  }
}

bool LabelIndex::meets(const Numbers& numbers, const SeriesSet& within) const {
  if (numbers.count > kNumbersPlainMax) return large_[numbers.at].intersect(within);
  const auto begin = plain_.begin() + numbers.at;
  return std::any_of(begin, begin + numbers.count, [&](std::uint32_t number) { return within.contains(number); });
}

void LabelIndex::add(std::string_view name, std::string_view value, SeriesSet& out) const {
  const Name* entry = find(name);
  if (entry == nullptr) return;
  const std::size_t at = bound(entry->values, value, false);
  if (at < entry->values.size() && entry->values[at] == value) add(entry->numbers[at], out);
}

void LabelIndex::add_if(std::string_view name, std::string_view from, std::string_view to, const Keep& keep,
                        SeriesSet& out) const {
  const Name* entry = find(name);
  if (entry == nullptr) return;
  const std::size_t end = to.empty() ? entry->values.size() : bound(entry->values, to, true);
  for (std::size_t i = bound(entry->values, from, false); i < end; ++i) {
    if (keep(entry->values[i])) add(entry->numbers[i], out);
  }
}

std::vector<std::string> LabelIndex::names(const SeriesSet* within) const {
  std::vector<std::string> out;
  for (const Name& entry : names_) {
    const bool used = within == nullptr || std::any_of(entry.numbers.begin(), entry.numbers.end(),
                                                       [&](const Numbers& numbers) { return meets(numbers, *within); });
    if (used) out.push_back(entry.name);
  }
  return out;
}

std::vector<std::string> LabelIndex::values(std::string_view name, const SeriesSet* within) const {
  std::vector<std::string> out;
  const Name* entry = find(name);
  if (entry == nullptr) return out;
  for (std::size_t i = 0; i < entry->values.size(); ++i) {
    if (within == nullptr || meets(entry->numbers[i], *within)) out.emplace_back(entry->values[i]);
  }
  return out;
}

std::size_t LabelIndex::bytes() const {
  std::size_t total = plain_.size() * sizeof(std::uint32_t);
  for (const SeriesSet& set : large_) total += set.getSizeInBytes() + 64;
  for (const Name& entry : names_) {
    total +=
        entry.name.size() + entry.values.bytes.size() + entry.values.size() * (sizeof(std::uint32_t) + sizeof(Numbers));
  }
  return total;
}

}  // namespace trilobite::storage
