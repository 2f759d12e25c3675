// Which kind a slot gets. The rule that makes every choice safe: a kind is taken only if each value, parsed and
// rendered, is itself again; every encode_* refuses otherwise.
#include <algorithm>

#include "columnar/line_slots.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kSmallDictionary = 64;    // beats numbers, since a query looks at each entry once
constexpr std::size_t kLargeDictionary = 8192;  // of text

bool encode_number_or_id(const SlotValues& values, LinesWriter& writer) {
  const std::string_view first = values[0];
  if (first.size() < 2) return encode_integer(values, writer);
  return encode_integer(values, writer) || encode_decimal(values, writer) || encode_time(values, writer) ||
         encode_ids(values, writer) || encode_ipv4(values, writer);
}

}  // namespace

void encode_slot(const SlotValues& values, LinesWriter& writer) {
  if (encode_constant(values, writer)) return;
  const std::size_t few = std::min(kSmallDictionary, values.size() / 8);
  if (few > 1 && encode_dictionary(values, few, writer)) return;
  if (encode_number_or_id(values, writer)) return;
  // Texts with numbers in them repeat until the numbers are many.
  const std::size_t entries_max = std::min(kLargeDictionary, values.size() / 16);
  if (entries_max > few && encode_dictionary(values, entries_max, writer)) return;
  if (encode_nested(values, writer)) return;
  const std::size_t entries_last = std::min(kLargeDictionary, values.size() / 4);
  if (entries_last > entries_max && encode_dictionary(values, entries_last, writer)) return;
  encode_text(values, writer);
}

}  // namespace trilobite::columnar
