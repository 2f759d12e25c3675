// Numbers in slots compare and read exactly as the doubles that parsing their texts gives.
#include "columnar/slot_compare.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <random>

#include "columnar/line_fake.h"

namespace trilobite::columnar {
namespace {

double parse(const std::string& text) {
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

bool compare(NumberOp op, double left, double right) {
  switch (op) {
    case NumberOp::kEqual:
      return left == right;
    case NumberOp::kNotEqual:
      return left != right;
    case NumberOp::kGreater:
      return left > right;
    case NumberOp::kGreaterEqual:
      return left >= right;
    case NumberOp::kLess:
      return left < right;
    case NumberOp::kLessEqual:
      return left <= right;
  }
  return false;
}

// value / 10^scale as text; scale 0 is an integer.
std::string decimal_text(std::int64_t value, unsigned scale) {
  std::string digits = std::to_string(value);
  std::string sign;
  if (digits[0] == '-') {
    sign = "-";
    digits.erase(0, 1);
  }
  if (scale == 0) return sign + digits;
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  return sign + digits.insert(digits.size() - scale, ".");
}

std::int64_t random_value(std::mt19937_64& random, unsigned bits) {
  const auto value = static_cast<std::int64_t>(bits == 0 ? 0 : random() >> (64 - bits));
  return random() % 2 ? value : -value;
}

void check_slot(const std::vector<std::string>& texts, SlotKind kind, double bound, std::mt19937_64& random) {
  const FakeSlot slot(kind, texts);
  const auto numbers = slot_numbers(slot);
  ASSERT_TRUE(numbers.ok());
  for (std::size_t i = 0; i < texts.size(); ++i) ASSERT_EQ((*numbers)[i], parse(texts[i])) << texts[i];
  for (const NumberOp op : {NumberOp::kEqual, NumberOp::kNotEqual, NumberOp::kGreater, NumberOp::kGreaterEqual,
                            NumberOp::kLess, NumberOp::kLessEqual}) {
    for (const bool some : {false, true}) {
      RowSelection positions(texts.size());
      if (some) {
        positions.make_explicit();
        std::erase_if(positions.rows(), [&](std::uint32_t) { return random() % 2 == 0; });
      }
      RowSelection want = positions;
      want.make_explicit();
      std::erase_if(want.rows(), [&](std::uint32_t at) { return !compare(op, parse(texts[at]), bound); });
      ASSERT_TRUE(select_numbers(slot, op, bound, positions).ok());
      positions.make_explicit();
      ASSERT_EQ(positions.rows(), want.rows()) << static_cast<int>(op) << " " << bound << " first " << texts[0];
    }
  }
}

TEST(SlotCompare, AgreesWithParsedText) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    const unsigned scale = random() % 3 == 0 ? 0 : 1 + random() % 25;
    const unsigned bits = random() % 64;
    std::vector<std::string> texts;
    for (std::size_t i = 1 + random() % 50; i-- > 0;) texts.push_back(decimal_text(random_value(random, bits), scale));
    double bound = parse(texts[random() % texts.size()]);
    switch (random() % 6) {
      case 0:
        bound = std::nextafter(bound, 1e300);
        break;
      case 1:
        bound = std::nextafter(bound, -1e300);
        break;
      case 2:
        bound = parse(decimal_text(random_value(random, bits), scale));
        break;
      case 3:
        bound = std::array{0.0,
                           -0.0,
                           1e300,
                           -1e300,
                           std::nan(""),
                           std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity(),
                           9223372036854775807.0}[random() % 8];
        break;
      default:
        break;
    }
    check_slot(texts, scale == 0 ? SlotKind::kInteger : SlotKind::kDecimal, bound, random);
    if (HasFatalFailure()) return;
  }
}

// Neighbours that are the same double compare equal to each other, as their texts would.
TEST(SlotCompare, IntegersBeyondTheDoublesPrecision) {
  std::mt19937_64 random(2);
  const std::vector<std::string> texts{"9007199254740992",    "9007199254740993",    "9007199254740994",
                                       "9223372036854775807", "9223372036854775806", "-9223372036854775808"};
  for (const std::string& text : texts) check_slot(texts, SlotKind::kInteger, parse(text), random);
}

TEST(SlotCompare, BoundsSettleWithoutValues) {
  const FakeSlot slot(SlotKind::kDecimal, {"1.50", "2.25", "9.00"});
  RowSelection positions(3);
  ASSERT_TRUE(select_numbers(slot, NumberOp::kGreaterEqual, 1.5, positions).ok());
  EXPECT_TRUE(positions.all());
  ASSERT_TRUE(select_numbers(slot, NumberOp::kGreater, 9.0, positions).ok());
  EXPECT_TRUE(positions.empty());
}

}  // namespace
}  // namespace trilobite::columnar
