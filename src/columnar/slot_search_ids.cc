#include "columnar/slot_search_ids.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace trilobite::columnar {
namespace {

using Place = TextMatch::Place;

constexpr std::string_view kUuidForm = "00000000-0000-0000-0000-000000000000";

// The digits of an id in its text, as positions.
struct IdForm {
  unsigned width = 0;  // bytes
  bool dashes = false;
  bool upper = false;

  explicit IdForm(const Slot& slot)
      : width(slot.width()), dashes(slot.kind() == SlotKind::kUuid), upper(slot.upper_case()) {}
  std::size_t length() const { return dashes ? kUuidForm.size() : width * std::size_t{2}; }
  bool dash_at(std::size_t at) const { return dashes && kUuidForm[at] == '-'; }
  // Which digit of the id stands at this place of the text. REQUIRES: !dash_at(at).
  std::size_t digit_at(std::size_t at) const {
    return dashes ? at - static_cast<std::size_t>(std::count(kUuidForm.begin(), kUuidForm.begin() + at, '-')) : at;
  }
  // -1: no digit of this case.
  int digit(char c, bool fold) const {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f' && (!upper || fold)) return c - 'a' + 10;
    if (c >= 'A' && c <= 'F' && upper) return c - 'A' + 10;
    return -1;
  }
};

// What bytes of an id must be for the text to stand at one place of it.
struct Pattern {
  std::size_t first = 0;    // byte
  std::string value, mask;  // from there on

  bool matches(const char* id) const {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (((id[first + i] ^ value[i]) & mask[i]) != 0) return false;
    }
    return true;
  }
};

bool fits(const IdForm& form, const TextMatch& match, std::size_t offset) {
  for (std::size_t i = 0; i < match.text.size(); ++i) {
    if (form.dash_at(offset + i) != (match.text[i] == '-')) return false;
  }
  return true;
}

// Texts of digits and dashes only, no longer than an id.
bool is_part(const IdForm& form, const TextMatch& match) {
  if (match.text.empty() || match.text.size() > form.length()) return false;
  return std::all_of(match.text.begin(), match.text.end(),
                     [&](char c) { return (form.dashes && c == '-') || form.digit(c, match.fold_ascii) >= 0; });
}

// Where in an id's text it may stand.
std::vector<std::size_t> offsets_of(const IdForm& form, const TextMatch& match) {
  const std::size_t last = form.length() - match.text.size();
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at <= last; ++at) {
    if ((match.at_begin() && at != 0) || (match.at_end() && at != last)) continue;
    if (fits(form, match, at)) out.push_back(at);
  }
  return out;
}

// REQUIRES: is_part(), fits() at the offset.
Pattern pattern_of(const IdForm& form, const TextMatch& match, std::size_t offset) {
  std::string value(form.width, '\0'), mask(form.width, '\0');
  for (std::size_t i = 0; i < match.text.size(); ++i) {
    if (match.text[i] == '-') continue;
    const std::size_t digit = form.digit_at(offset + i);
    const unsigned shift = digit % 2 == 0 ? 4 : 0;
    const auto bits = static_cast<unsigned>(form.digit(match.text[i], match.fold_ascii));
    value[digit / 2] = static_cast<char>(value[digit / 2] | static_cast<char>(bits << shift));
    mask[digit / 2] = static_cast<char>(mask[digit / 2] | static_cast<char>(0xF << shift));
  }
  const auto used = [](char c) { return c != 0; };
  const auto first = std::find_if(mask.begin(), mask.end(), used) - mask.begin();
  const auto end = mask.rend() - std::find_if(mask.rbegin(), mask.rend(), used);
  const auto at = static_cast<std::size_t>(std::min<std::ptrdiff_t>(first, end));  // a dash alone uses nothing
  const std::size_t size = static_cast<std::size_t>(end) - at;
  return {at, value.substr(at, size), mask.substr(at, size)};
}

// Ids of 8 and 16 bytes are compared in words, without branches within 64 of them.
PositionSet select_whole(std::string_view ids, const std::string& id, const PositionSet& candidates) {
  const std::size_t width = id.size();
  const auto word = [](const char* at) {
    std::uint64_t out = 0;
    std::memcpy(&out, at, 8);
    return out;
  };
  if (width == 8 || width == 16) {
    const std::uint64_t front = word(id.data()), back = word(id.data() + width - 8);
    return candidates.filtered([=](std::size_t position) {
      const char* at = ids.data() + position * width;
      return ((word(at) ^ front) | (word(at + width - 8) ^ back)) == 0;
    });
  }
  return candidates.filtered(
      [&](std::size_t position) { return std::memcmp(ids.data() + position * width, id.data(), width) == 0; });
}

// At any place of the id: whole bytes of the text are searched for in all ids at once, once for each parity of the
// digit that it begins at.
PositionSet search_packed(std::string_view ids, const IdForm& form, const TextMatch& match,
                          const std::vector<std::size_t>& offsets) {
  PositionSet out = PositionSet::none(ids.size() / form.width);
  std::vector<Pattern> patterns(form.width * std::size_t{2});  // by digit
  std::vector<std::uint8_t> possible(patterns.size());
  for (const std::size_t offset : offsets) {
    const std::size_t digit = form.digit_at(offset);
    patterns[digit] = pattern_of(form, match, offset);
    possible[digit] = 1;
  }
  for (const std::size_t parity : {0u, 1u}) {
    std::string core;
    for (std::size_t i = parity; i + 1 < match.text.size(); i += 2)
      core += static_cast<char>(form.digit(match.text[i], match.fold_ascii) << 4 |
                                form.digit(match.text[i + 1], match.fold_ascii));
    const Searcher searcher(core);
    for (std::size_t at = searcher.find(ids); at != std::string_view::npos; at = searcher.find(ids, at + 1)) {
      const std::size_t position = at / form.width, byte = at % form.width;
      if (byte * 2 < parity) continue;
      const std::size_t digit = byte * 2 - parity;
      if (possible[digit] != 0 && patterns[digit].matches(ids.data() + position * form.width)) out.add(position);
    }
  }
  return out;
}

PositionSet search_texts(std::string_view ids, const IdForm& form, const TextMatch& match,
                         const PositionSet& candidates) {
  const std::string_view digits = form.upper ? "0123456789ABCDEF" : "0123456789abcdef";
  const std::size_t count = ids.size() / form.width;
  StringColumn texts;
  texts.bytes.resize(count * form.length());
  texts.ends.reserve(count);
  char* out = texts.bytes.data();
  for (std::size_t position = 0; position < count; ++position) {
    for (std::size_t byte = 0; byte < form.width; ++byte) {
      if (form.dashes && (byte == 4 || byte == 6 || byte == 8 || byte == 10)) *out++ = '-';
      const auto bits = static_cast<std::uint8_t>(ids[position * form.width + byte]);
      *out++ = digits[bits >> 4];
      *out++ = digits[bits & 15];
    }
    texts.ends.push_back(static_cast<std::uint32_t>(out - texts.bytes.data()));
  }
  return search_strings(match, texts, candidates);
}

// A search through packed bytes needs two of them in either parity.
constexpr std::size_t kPackedDigitsMin = 5;

}  // namespace

Result<bool> id_may_hold(const Slot& slot, const TextMatch& match) {
  const IdForm form(slot);
  if (!is_part(form, match)) return false;
  const std::vector<std::size_t> offsets = offsets_of(form, match);
  if (offsets.empty() || (match.place == Place::kWhole && match.text.size() != form.length())) return false;
  if (match.text.size() < form.length()) return true;
  return slot.may_have(pattern_of(form, match, 0).value);
}

Result<PositionSet> search_ids(const Slot& slot, const TextMatch& match, const PositionSet& candidates) {
  const IdForm form(slot);
  TRY(may, id_may_hold(slot, match));
  if (!may) return PositionSet::none(slot.size());
  const std::vector<std::size_t> offsets = offsets_of(form, match);
  TRY(ids, slot.ids());
  if (match.text.size() == form.length()) return select_whole(ids, pattern_of(form, match, 0).value, candidates);
  const bool dashes = match.text.find('-') != std::string_view::npos;
  if (offsets.size() > 4 && !dashes) {
    if (match.text.size() < kPackedDigitsMin) return search_texts(ids, form, match, candidates);
    PositionSet out = search_packed(ids, form, match, offsets);
    out.intersect(candidates);
    return out;
  }
  std::vector<Pattern> patterns;
  for (const std::size_t offset : offsets) patterns.push_back(pattern_of(form, match, offset));
  return candidates.filtered([&](std::size_t position) {
    const char* id = ids.data() + position * form.width;
    return std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& pattern) { return pattern.matches(id); });
  });
}

}  // namespace trilobite::columnar
