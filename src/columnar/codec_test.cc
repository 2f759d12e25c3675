// The gauntlet: every codec of the table with every column it takes. A new codec needs no test of its own to be here.
#include "columnar/codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <set>

#include "columnar/bit_packing.h"
#include "columnar/id_split.h"

namespace trilobite::columnar {
namespace {

using Ints = std::vector<std::int64_t>;
using Doubles = std::vector<double>;

struct Sample {
  Sample(std::string name, Column column) : name(std::move(name)), column(std::move(column)) {}
  Sample(std::string name, Column::Values values) : name(std::move(name)), column(std::move(values)) {}

  std::string name;
  Column column;
};

Column strings(const std::vector<std::string>& values) {
  StringColumn out;
  for (const std::string& value : values) out.push_back(value);
  return Column(std::move(out));
}

template <class Make>
Ints ints(std::size_t rows, Make make) {
  Ints out(rows);
  for (std::size_t i = 0; i < rows; ++i) out[i] = static_cast<std::int64_t>(make(i));
  return out;
}

template <class Make>
Column texts(std::size_t rows, Make make) {
  StringColumn out;
  for (std::size_t i = 0; i < rows; ++i) out.push_back(make(i));
  return Column(std::move(out));
}

std::vector<Sample> int_samples(std::mt19937_64& random) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min(),
                         kMax = std::numeric_limits<std::int64_t>::max();
  std::vector<Sample> out{
      {"one", Ints{42}},
      {"extremes", Ints{kMin, kMax, 0, -1, 1, kMax, kMin}},
      {"constant", Ints(5000, -7)},
      {"steady times", ints(3000, [](std::size_t i) { return 1'700'000'000'000'000'000 + i * 15'000'000'000; })},
      {"vector exactly", ints(1024, [](std::size_t i) { return i * i; })},
      {"vector and one", ints(1025, [](std::size_t i) { return i; })},
      {"runs", ints(65'536, [](std::size_t i) { return i / 700; })},
      {"random", ints(5000, [&](std::size_t) { return random(); })},
      {"outliers", ints(5000, [&](std::size_t i) { return i % 500 == 3 ? random() : random() % 1000; })},
      {"jumps back", ints(9000, [&](std::size_t i) { return i % 900 * 1'000'000 + random() % 1000; })},
  };
  for (unsigned width = 0; width <= 64; ++width) {
    out.push_back({fmt::format("width {}", width), ints(1024 + 77, [&](std::size_t) {
                     return width == 0 ? 0 : random() >> (64 - width);
                   })});
  }
  return out;
}

std::string hex_id(std::mt19937_64& random, std::size_t digits) {
  std::string out;
  while (out.size() < digits) out += fmt::format("{:016x}", random());
  return out.substr(0, digits);
}

std::vector<Sample> text_samples(std::mt19937_64& random) {
  DictionaryColumn coded;  // an entry twice, an entry that no row has, an empty one
  for (const char* entry : {"a", "unused", "", "a", "long entry of the dictionary"}) coded.dictionary.push_back(entry);
  for (std::size_t i = 0; i < 3000; ++i) coded.codes.push_back(std::array{0u, 2u, 3u, 4u}[i % 4]);
  const std::string every_byte = [] {
    std::string out;
    for (int byte = 0; byte < 256; ++byte) out.push_back(static_cast<char>(byte));
    return out;
  }();
  const std::string uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  return {
      {"one empty", strings({""})},
      {"one", strings({"x"})},
      {"all empty", texts(3000, [](std::size_t) { return ""; })},
      {"constant", texts(3000, [](std::size_t) { return "the same line"; })},
      {"every byte", strings({every_byte, every_byte + every_byte, "", every_byte})},
      {"marks", strings({std::string("\0\1\2\3\4\5", 6), std::string(40, '\0'), std::string(40, '\4'), "\n", "a\nb"})},
      {"ids",
       strings({hex_id(random, 16), hex_id(random, 32), hex_id(random, 15), hex_id(random, 17), hex_id(random, 33),
                hex_id(random, 64), hex_id(random, 100), uuid, "a" + uuid, uuid + "a", uuid + uuid, uuid + "-" + uuid,
                uuid.substr(1), uuid.substr(0, 35), "0F8FAD5B-D9CB-469F-A165-70867728950E", "0123456789012345",
                uuid.substr(0, 24) + "--" + uuid.substr(24), "x\1" + uuid + "\0y",
                hex_id(random, 32) + uuid.substr(8)})},
      {"log lines", texts(20'000,
                          [&](std::size_t i) {
                            const std::string trace = hex_id(random, 32), span = hex_id(random, 16);
                            return fmt::format(R"({{"level":"info","trace_id":"{}","span_id":"{}","ms":{},"n":{}}})",
                                               trace, span, random() % 1000, i);
                          })},
      {"few", texts(9000, [&](std::size_t) { return fmt::format("value {}", random() % 50); })},
      {"noise", texts(3000,
                      [&](std::size_t) {
                        const std::array words{random(), random()};
                        return std::string(reinterpret_cast<const char*>(words.data()), sizeof words);
                      })},
      {"long rows", texts(4, [&](std::size_t i) { return std::string(700'000 * i, 'x') + hex_id(random, 32); })},
      {"dictionary", Column(std::move(coded))},
  };
}

std::vector<Sample> samples(unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<Sample> out = int_samples(random);
  for (Sample& sample : text_samples(random)) out.push_back(std::move(sample));
  Doubles doubles;
  for (int i = 0; i < 3000; ++i) doubles.push_back(static_cast<double>(random() % 5000) / 100);
  out.push_back({"doubles", doubles});
  out.push_back({"random bits", [&] {
                   for (double& d : doubles) d = std::bit_cast<double>(random());
                   return Column(doubles);
                 }()});
  out.push_back({"constant double", Doubles(100, -0.0)});
  out.push_back({"special doubles", Doubles{0.0, -0.0, NAN, INFINITY, -INFINITY, 5e-324}});
  return out;
}

bool same_values(const Column& a, const Column& b) {
  if (a.size() != b.size() || kind_of(a) != kind_of(b)) return false;
  if (kind_of(a) == Kind::kInt) return a.values() == b.values();
  for (std::size_t row = 0; row < a.size(); ++row) {
    if (kind_of(a) == Kind::kText) {
      if (a.text(row) != b.text(row)) return false;
    } else if (std::bit_cast<std::uint64_t>(std::get<Doubles>(a.values())[row]) !=
               std::bit_cast<std::uint64_t>(std::get<Doubles>(b.values())[row])) {
      return false;
    }
  }
  return true;
}

// Calls back with each codec, column and its encoded bytes.
template <class Callback>
void for_each_encoding(unsigned seed, Callback callback) {
  for (const Sample& sample : samples(seed)) {
    for (const Codec* codec : codecs()) {
      if (codec->kind != kind_of(sample.column)) continue;
      const std::size_t estimate = codec->estimate(sample.column);
      if (estimate == kNotPossible) continue;
      SCOPED_TRACE(fmt::format("{} of {}, seed {}", codec->name, sample.name, seed));
      std::string bytes;
      codec->encode(sample.column, 3, bytes);
      callback(*codec, sample.column, bytes, estimate);
    }
  }
}

DecodeShape shape_of(const Column& column) { return {.rows = column.size(), .bytes_max = kTextBytesMax}; }

TEST(CodecGauntlet, DecodeGivesBackTheValues) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    for_each_encoding(seed, [](const Codec& codec, const Column& column, const std::string& bytes, std::size_t) {
      auto decoded = decode_column(static_cast<std::uint8_t>(codec.id), bytes, shape_of(column));
      ASSERT_TRUE(decoded.ok()) << decoded.error().message;
      EXPECT_TRUE(same_values(*decoded, column));
      EXPECT_EQ(raw_bytes(*decoded), raw_bytes(column));
    });
  }
}

TEST(CodecGauntlet, EstimateIsNearTheRealSize) {
  for_each_encoding(1, [](const Codec&, const Column&, const std::string& bytes, std::size_t estimate) {
    EXPECT_LE(estimate, bytes.size() * 2 + 4096);
    EXPECT_GE(estimate, bytes.size() / 2 - std::min<std::size_t>(bytes.size() / 2, 64));
  });
}

TEST(CodecGauntlet, TheChoiceIsNeverMuchLargerThanPlain) {
  for (const Sample& sample : samples(7)) {
    const EncodedColumn encoded = encode_column(sample.column, 3);
    EXPECT_LE(encoded.bytes.size(), raw_bytes(sample.column) * 101 / 100 + sample.column.size() * 2 + 64)
        << sample.name;
  }
}

// The part file's checksum finds flips; a decoder alone must still neither crash nor give back another shape.
TEST(CodecGauntlet, FlippedBytesNeverCrash) {
  std::mt19937_64 random(3);
  for_each_encoding(2, [&](const Codec& codec, const Column& column, const std::string& bytes, std::size_t) {
    const std::size_t tries = std::min<std::size_t>(bytes.size(), bytes.size() > 100'000 ? 10 : 150);
    for (std::size_t i = 0; i < tries; ++i) {
      std::string bad = bytes;
      const std::size_t at =
          bytes.size() <= 150 ? i : random() % std::min<std::size_t>(bytes.size(), i % 2 ? 64 : bytes.size());
      bad[at] = static_cast<char>(bad[at] ^ (1u << random() % 8));
      auto decoded = decode_column(static_cast<std::uint8_t>(codec.id), bad, shape_of(column));
      if (decoded.ok()) {
        EXPECT_EQ(decoded->size(), column.size());
        for (std::size_t row = 0; decoded->is_text() && row < decoded->size(); row += 97) (void)decoded->text(row);
      } else {
        EXPECT_EQ(decoded.error().code, Code::kCorrupt) << decoded.error().message;
      }
    }
  });
}

TEST(CodecGauntlet, TruncatedBytesAreRefused) {
  for_each_encoding(2, [](const Codec& codec, const Column& column, const std::string& bytes, std::size_t) {
    if (codec.id == Encoding::kTextConstant) return;  // any bytes are a constant
    const std::size_t step = bytes.size() / 50 + 1;
    for (std::size_t size = 0; size < bytes.size(); size += step) {
      EXPECT_FALSE(
          decode_column(static_cast<std::uint8_t>(codec.id), std::string_view(bytes).substr(0, size), shape_of(column))
              .ok())
          << size << " of " << bytes.size();
    }
    EXPECT_EQ(decode_column(static_cast<std::uint8_t>(codec.id), bytes + "x", shape_of(column)).ok(), false);
  });
}

TEST(CodecTable, NumbersAndNamesAreUnique) {
  std::set<std::uint8_t> ids;
  std::set<std::string_view> names;
  for (const Codec* codec : codecs()) {
    EXPECT_TRUE(ids.insert(static_cast<std::uint8_t>(codec->id)).second) << codec->name;
    EXPECT_TRUE(names.insert(codec->name).second) << codec->name;
    EXPECT_EQ(find_codec(static_cast<std::uint8_t>(codec->id)), codec);
  }
  EXPECT_EQ(find_codec(97), nullptr) << "kept for line templates";
  EXPECT_EQ(decode_column(200, "", {.rows = 1}).error().code, Code::kUnsupported);
}

TEST(CodecTable, PicksTheEncodingMadeForTheValues) {
  const struct {
    const char* sample;
    Encoding want;
  } kCases[] = {{"constant", Encoding::kIntConstant},
                {"steady times", Encoding::kIntDelta},
                {"vector exactly", Encoding::kIntDeltaDelta},
                {"runs", Encoding::kIntRuns},
                {"random", Encoding::kIntFrame},
                {"log lines", Encoding::kTextIds},
                {"few", Encoding::kTextDictionary},
                {"noise", Encoding::kTextPlain},
                {"all empty", Encoding::kTextConstant},
                {"doubles", Encoding::kDoubleZstd}};
  const std::vector<Sample> all = samples(1);
  for (const auto& c : kCases) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const Sample& s) { return s.name == c.sample; });
    ASSERT_NE(at, all.end()) << c.sample;
    const Encoding got = encode_column(at->column, 3).encoding;
    EXPECT_EQ(got, c.want) << c.sample << ": " << find_codec(static_cast<std::uint8_t>(got))->name;
  }
}

TEST(BitPacking, LanesAndSerialKeepEveryWidth) {
  std::mt19937_64 random(5);
  for (unsigned width = 0; width <= 64; ++width) {
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{1023}, kVectorRows}) {
      std::vector<std::uint64_t> in(count), out(count);
      for (auto& number : in) number = width == 0 ? 0 : random() >> (64 - width);
      std::string packed;
      pack_bits(in.data(), count, width, packed);
      ASSERT_EQ(packed.size(), packed_bytes(count, width));
      unpack_bits(packed, count, width, out.data());
      ASSERT_EQ(out, in) << width << " bits, " << count << " numbers";
    }
  }
}

TEST(IdSplit, TakesIdsOutOfTheText) {
  SplitText split;
  split_row("trace=0123456789abcdef0123456789abcdef uuid=0f8fad5b-d9cb-469f-a165-70867728950e span=00f067aa0ba902b7.",
            split);
  EXPECT_EQ(split.text, std::string("trace=\2 uuid=\3 span=\1.\0", 23));
  EXPECT_EQ(split.ids.size(), 40u);
}

TEST(IdSplit, RandomBytesSurvive) {
  std::mt19937_64 random(11);
  constexpr std::string_view kAlphabet("0123456789abcdef-\0\1\2\3\4zA\n", 26);
  for (int round = 0; round < 3000; ++round) {
    SplitText split;
    StringColumn want, got;
    for (std::size_t row = random() % 4 + 1; row-- > 0;) {
      std::string value;
      const std::size_t letters = random() % 3 == 0 ? 16 : kAlphabet.size();
      for (std::size_t i = random() % 120; i-- > 0;) value.push_back(kAlphabet[random() % letters]);
      want.push_back(value);
      split_row(value, split);
    }
    auto joined = join_rows(split.text, split.ids, want.size(), want.bytes.size(), got.bytes, got.ends);
    ASSERT_TRUE(joined.ok()) << joined.error().message;
    ASSERT_EQ(got, want);
    // Any other shape is refused, and nothing is written beyond it.
    for (const std::size_t bytes :
         {want.bytes.size() - std::min<std::size_t>(want.bytes.size(), 1), want.bytes.size() + 1}) {
      StringColumn bad;
      if (bytes == want.bytes.size()) continue;
      EXPECT_FALSE(join_rows(split.text, split.ids, want.size(), bytes, bad.bytes, bad.ends).ok());
    }
  }
}

}  // namespace
}  // namespace trilobite::columnar
