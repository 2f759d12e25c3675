#include "columnar/slot_search.h"

#include <algorithm>

#include "columnar/slot_search_ids.h"
#include "columnar/slot_search_numbers.h"

namespace trilobite::columnar {
namespace {

// Below this share of positions single values are put together instead of a whole column.
constexpr std::size_t kSparse = 32;

bool bytes_may_occur(const Slot& slot, const TextMatch& match) {
  const auto& set = slot.bytes_possible();
  const auto has = [&](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return (set[byte >> 6] >> (byte & 63) & 1) != 0;
  };
  return std::all_of(match.text.begin(), match.text.end(), [&](char c) {
    return has(c) || (match.fold_ascii && c >= 'a' && c <= 'z' && has(static_cast<char>(c & ~0x20)));
  });
}

Result<PositionSet> search_each(const Slot& slot, const TextMatch& match, const PositionSet& candidates) {
  PositionSet out = PositionSet::none(slot.size());
  std::string text;
  Result<void> status;
  candidates.for_each([&](std::size_t position) {
    if (!status.ok()) return;
    text.clear();
    status = slot.append(position, text);
    if (status.ok() && holds(match, text)) out.add(position);
  });
  TRY_VOID(status);
  return out;
}

Result<PositionSet> search_dictionary(const Slot& slot, const TextMatch& match, const PositionSet& candidates) {
  TRY(column, slot.dictionary());
  const std::size_t entries = column->dictionary.size();
  const PositionSet pass = search_strings(match, column->dictionary, PositionSet::all(entries));
  const std::size_t passing = pass.count();
  if (passing == 0) return PositionSet::none(slot.size());
  if (passing == entries) return candidates;
  const std::uint32_t* codes = column->codes.data();
  if (passing == 1) {
    std::uint32_t wanted = 0;
    pass.for_each([&](std::size_t code) { wanted = static_cast<std::uint32_t>(code); });
    return candidates.filtered([=](std::size_t position) { return codes[position] == wanted; });
  }
  std::vector<std::uint8_t> flags(entries);
  pass.for_each([&](std::size_t code) { flags[code] = 1; });
  return candidates.filtered([&](std::size_t position) { return flags[codes[position]] != 0; });
}

Result<PositionSet> search_rendered(const Slot& slot, const TextMatch& match, const PositionSet& candidates) {
  StringColumn texts;
  texts.ends.reserve(slot.size());
  for (std::size_t position = 0; position < slot.size(); ++position) {
    TRY_VOID(slot.append(position, texts.bytes));
    texts.ends.push_back(static_cast<std::uint32_t>(texts.bytes.size()));
  }
  return search_strings(match, texts, candidates);
}

}  // namespace

Result<Verdict> foresee_slot(const Slot& slot, const TextMatch& match) {
  if (match.trivial()) return Verdict::kAlways;
  if (slot.kind() == SlotKind::kConstant) return holds(match, slot.constant()) ? Verdict::kAlways : Verdict::kNever;
  if (!bytes_may_occur(slot, match)) return Verdict::kNever;
  switch (slot.kind()) {
    case SlotKind::kInteger:
    case SlotKind::kDecimal: return number_may_hold(slot, match) ? Verdict::kSome : Verdict::kNever;
    case SlotKind::kIpv4: return ipv4_may_hold(match) ? Verdict::kSome : Verdict::kNever;
    case SlotKind::kHex:
    case SlotKind::kUuid: {
      TRY(may, id_may_hold(slot, match));
      return may ? Verdict::kSome : Verdict::kNever;
    }
    case SlotKind::kTemplates: {
      TRY(nested, slot.templates());
      return foresee_templates(*nested, match);
    }
    case SlotKind::kTime: return match.text.empty() ? Verdict::kNever : Verdict::kSome;
    default: return Verdict::kSome;
  }
}

Result<PositionSet> search_slot(const Slot& slot, const TextMatch& match, const PositionSet& candidates) {
  if (candidates.is_none() || match.trivial()) return candidates;
  if (!candidates.is_all() && candidates.count() < slot.size() / kSparse) return search_each(slot, match, candidates);
  switch (slot.kind()) {
    case SlotKind::kConstant: return holds(match, slot.constant()) ? candidates : PositionSet::none(slot.size());
    case SlotKind::kDictionary: return search_dictionary(slot, match, candidates);
    case SlotKind::kInteger:
    case SlotKind::kDecimal: return search_numbers(slot, match, candidates);
    case SlotKind::kIpv4: return search_ipv4(slot, match, candidates);
    case SlotKind::kHex:
    case SlotKind::kUuid: return search_ids(slot, match, candidates);
    case SlotKind::kText: {
      TRY(column, slot.text());
      return search_strings(match, *column, candidates);
    }
    case SlotKind::kTemplates: {
      TRY(nested, slot.templates());
      return search_templates(*nested, match, candidates);
    }
    case SlotKind::kTime: return search_rendered(slot, match, candidates);
  }
  return error(Code::kInternal, "cannot search a slot of unknown kind {}", static_cast<int>(slot.kind()));
}

}  // namespace trilobite::columnar
