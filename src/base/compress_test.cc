#include "base/compress.h"

#include <gtest/gtest.h>

#include <random>

namespace trilobite {
namespace {

std::string noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

struct Codec {
  const char* name;
  std::string (*compress)(std::string_view);
  Result<std::string> (*decompress)(std::string_view, std::size_t bytes_max);
};

const Codec kCodecs[] = {
    {"zstd", [](std::string_view raw) { return zstd_compress(raw); }, zstd_decompress},
    {"zstd stream", [](std::string_view raw) { return zstd_compress(raw); }, zstd_stream_decompress},
    {"lz4 frame", lz4_frame_compress, lz4_frame_decompress},
    {"gzip", [](std::string_view raw) { return gzip_compress(raw); }, gzip_decompress},
    {"snappy", snappy_compress, snappy_decompress},
};

TEST(Compress, RoundTripsEmptyRegularAndRandomInput) {
  for (const Codec& codec : kCodecs) {
    for (const std::string& raw : {std::string(), std::string("x"), std::string(200'000, 'a'), noise(70'000, 1)}) {
      const auto back = codec.decompress(codec.compress(raw), raw.size());
      ASSERT_TRUE(back.ok()) << codec.name << ": " << back.error().message;
      EXPECT_EQ(*back, raw) << codec.name;
    }
  }
}

TEST(Compress, AnOutputAboveTheLimitIsRefusedWithKLimit) {
  for (const Codec& codec : kCodecs) {
    const auto back = codec.decompress(codec.compress(std::string(100'000, 'a')), 99'999);
    ASSERT_FALSE(back.ok()) << codec.name;
    EXPECT_EQ(back.error().code, Code::kLimit) << codec.name;
  }
}

TEST(Compress, CutAndFlippedInputNeverCrashes) {
  const std::string raw = "level=info msg=started " + noise(500, 2);
  for (const Codec& codec : kCodecs) {
    const std::string packed = codec.compress(raw);
    for (std::size_t length = 0; length < packed.size(); ++length) {
      EXPECT_FALSE(codec.decompress(packed.substr(0, length), 1 << 20).ok()) << codec.name << " cut at " << length;
    }
    for (std::size_t at = 0; at < packed.size(); ++at) {
      std::string damaged = packed;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
      (void)codec.decompress(damaged, 1 << 20).ok();
    }
  }
}

TEST(Compress, GzipReadsSeveralMembersAsOne) {
  EXPECT_EQ(gzip_decompress(gzip_compress("one ") + gzip_compress("two"), 100).value(), "one two");
}

TEST(Compress, DeflateReadsTheZlibAndTheRawForm) {
  const std::string gzip = gzip_compress("deflated text, deflated text");
  const std::string raw = gzip.substr(10, gzip.size() - 18);  // between the header and the checksum of RFC 1952
  EXPECT_EQ(deflate_decompress(raw, 100).value(), "deflated text, deflated text");
  EXPECT_FALSE(deflate_decompress("\x78\x9C garbage", 100).ok());
}

TEST(Compress, ASnappyLengthThatCannotBeRightIsRefusedBeforeTheMemoryIsTaken) {
  EXPECT_FALSE(snappy_decompress("\xFF\xFF\xFF\xFF\x0F", std::size_t{1} << 40).ok());
}

TEST(Compress, Lz4NeedsTheRightSize) {
  const std::string packed = lz4_compress("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  EXPECT_EQ(lz4_decompress(packed, 32).value(), std::string(32, 'a'));
  EXPECT_FALSE(lz4_decompress(packed, 31).ok());
  EXPECT_FALSE(lz4_decompress(packed, 33).ok());
  EXPECT_EQ(lz4_decompress(lz4_compress(""), 0).value(), "");
}

}  // namespace
}  // namespace trilobite
