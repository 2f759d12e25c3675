#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace trilobite {
namespace {

TEST(Bytes, VarintsOfEveryLengthRoundTrip) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value :
         {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1, ~(std::uint64_t{1} << bit)}) {
      std::string out;
      ByteWriter(out).varint(value);
      ByteReader in(out);
      EXPECT_EQ(in.varint().value(), value);
      EXPECT_TRUE(in.done());
    }
  }
}

TEST(Bytes, ZigzagKeepsExtremes) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(unzigzag(zigzag(value)), value);
  }
  EXPECT_EQ(zigzag(-1), 1u) << "small numbers of either sign stay small";
}

TEST(Bytes, EveryCutOfARecordIsAnErrorNotACrash) {
  std::string out;
  ByteWriter writer(out);
  writer.fixed<std::uint32_t>(7);
  writer.varint(300);
  writer.text("hello");
  for (std::size_t length = 0; length < out.size(); ++length) {
    ByteReader in(std::string_view(out).substr(0, length));
    const auto number = in.fixed<std::uint32_t>();
    const auto varint = number.ok() ? in.varint() : Result<std::uint64_t>(error(Code::kCorrupt, "stopped"));
    const auto text = varint.ok() ? in.text() : Result<std::string_view>(error(Code::kCorrupt, "stopped"));
    EXPECT_FALSE(text.ok()) << length;
  }
}

TEST(Bytes, VarintsThatOverflowAreRefused) {
  const std::string eleven(11, '\x80');
  EXPECT_EQ(ByteReader(eleven).varint().error().code, Code::kCorrupt);
  EXPECT_FALSE(ByteReader(std::string(9, '\xFF') + "\x02").varint().ok());
  EXPECT_TRUE(ByteReader(std::string(9, '\xFF') + "\x01").varint().ok());
}

TEST(Bytes, ALengthBeyondTheEndIsRefused) {
  std::string out;
  ByteWriter(out).varint(std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(ByteReader(out).text().ok());
}

}  // namespace
}  // namespace trilobite
