#include "base/compress.h"

#include <lz4.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace trilobite {
namespace {

Error too_large(std::string_view codec, std::size_t bytes_max) {
  return error(Code::kLimit, "cannot decompress {}: the result exceeds {} bytes", codec, bytes_max);
}

Error damaged(std::string_view codec, std::string_view why) {
  return error(Code::kInvalid, "cannot decompress {}: {}", codec, why);
}

// window_bits: zlib's way to name the container (31 gzip, 15 zlib, -15 raw deflate).
Result<std::string> inflate_all(std::string_view packed, std::size_t bytes_max, int window_bits,
                                std::string_view name) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return error(Code::kInternal, "cannot set up zlib");
  std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  char buffer[65536];
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    const int state = inflate(&stream, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END) return damaged(name, stream.msg ? stream.msg : "data ends too early");
    const std::size_t got = sizeof buffer - stream.avail_out;
    if (out.size() + got > bytes_max) return too_large(name, bytes_max);
    out.append(buffer, got);
    if (state == Z_STREAM_END) {
      if (stream.avail_in == 0 || window_bits != 31) return out;
      if (inflateReset(&stream) != Z_OK) return damaged(name, "bad member");
    } else if (got == 0 && stream.avail_in == 0) {
      return damaged(name, "data ends too early");
    }
  }
}

}  // namespace

std::string zstd_compress(std::string_view raw, int level) {
  std::string out(ZSTD_compressBound(raw.size()), '\0');
  thread_local std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  const std::size_t size = ZSTD_compressCCtx(context.get(), out.data(), out.size(), raw.data(), raw.size(), level);
  CHECK(!ZSTD_isError(size));
  out.resize(size);
  return out;
}

Result<std::string> zstd_decompress(std::string_view packed, std::size_t bytes_max) {
  std::string out;
  TRY_VOID(zstd_decompress_into(packed, bytes_max, out));
  return out;
}

Result<void> zstd_decompress_into(std::string_view packed, std::size_t bytes_max, std::string& out) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
    return damaged("zstd", "no frame with a size");
  if (size > bytes_max) return too_large("zstd", bytes_max);
  out.resize(size);
  thread_local std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  const std::size_t got = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(got)) return damaged("zstd", ZSTD_getErrorName(got));
  if (got != size) return damaged("zstd", "data ends too early");
  return {};
}

Result<std::string> zstd_stream_decompress(std::string_view packed, std::size_t bytes_max) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::string out;
  char buffer[65536];
  std::size_t state = 1;  // 0: at the end of a frame
  while (state != 0 || in.pos < in.size) {
    ZSTD_outBuffer piece{buffer, sizeof buffer, 0};
    const std::size_t before = in.pos;
    state = ZSTD_decompressStream(context.get(), &piece, &in);
    if (ZSTD_isError(state)) return damaged("zstd", ZSTD_getErrorName(state));
    if (out.size() + piece.pos > bytes_max) return too_large("zstd", bytes_max);
    out.append(buffer, piece.pos);
    if (state != 0 && piece.pos == 0 && in.pos == before) return damaged("zstd", "data ends too early");
  }
  return out;
}

std::string lz4_compress(std::string_view raw) {
  CHECK(raw.size() <= LZ4_MAX_INPUT_SIZE);
  std::string out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(raw.size()))), '\0');
  const int size =
      LZ4_compress_default(raw.data(), out.data(), static_cast<int>(raw.size()), static_cast<int>(out.size()));
  CHECK(size > 0 || raw.empty());
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Result<std::string> lz4_decompress(std::string_view packed, std::size_t bytes_raw) {
  if (bytes_raw > LZ4_MAX_INPUT_SIZE || packed.size() > LZ4_MAX_INPUT_SIZE) return too_large("lz4", LZ4_MAX_INPUT_SIZE);
  std::string out(bytes_raw, '\0');
  const int got =
      LZ4_decompress_safe(packed.data(), out.data(), static_cast<int>(packed.size()), static_cast<int>(bytes_raw));
  if (got < 0 || static_cast<std::size_t>(got) != bytes_raw) return damaged("lz4", "bad block");
  return out;
}

std::string lz4_frame_compress(std::string_view raw) {
  std::string out(LZ4F_compressFrameBound(raw.size(), nullptr), '\0');
  const std::size_t size = LZ4F_compressFrame(out.data(), out.size(), raw.data(), raw.size(), nullptr);
  CHECK(!LZ4F_isError(size));
  out.resize(size);
  return out;
}

Result<std::string> lz4_frame_decompress(std::string_view packed, std::size_t bytes_max) {
  LZ4F_dctx* created = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&created, LZ4F_VERSION))) {
    return error(Code::kInternal, "cannot set up lz4");
  }
  const std::unique_ptr<LZ4F_dctx, std::size_t (*)(LZ4F_dctx*)> context(created, LZ4F_freeDecompressionContext);
  std::string out;
  char buffer[65536];
  std::size_t state = 1;  // 0: at the end of a frame
  while (state != 0 || !packed.empty()) {
    std::size_t made = sizeof buffer, taken = packed.size();
    state = LZ4F_decompress(context.get(), buffer, &made, packed.data(), &taken, nullptr);
    if (LZ4F_isError(state)) return damaged("lz4", LZ4F_getErrorName(state));
    if (out.size() + made > bytes_max) return too_large("lz4", bytes_max);
    out.append(buffer, made);
    packed.remove_prefix(taken);
    if (state != 0 && made == 0 && taken == 0) return damaged("lz4", "data ends too early");
  }
  return out;
}

std::string gzip_compress(std::string_view raw, int level) {
  z_stream stream{};
  CHECK(deflateInit2(&stream, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, deflateEnd);
  std::string out(deflateBound(&stream, raw.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  stream.avail_in = static_cast<uInt>(raw.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  return out;
}

Result<std::string> gzip_decompress(std::string_view packed, std::size_t bytes_max) {
  return inflate_all(packed, bytes_max, 31, "gzip");
}

Result<std::string> deflate_decompress(std::string_view packed, std::size_t bytes_max) {
  // RFC 9110 says zlib; several clients send the raw form.
  const bool zlib = packed.size() >= 2 && (packed[0] & 0x0F) == 8 &&
                    ((static_cast<std::uint8_t>(packed[0]) << 8) + static_cast<std::uint8_t>(packed[1])) % 31 == 0;
  return inflate_all(packed, bytes_max, zlib ? 15 : -15, "deflate");
}

std::string snappy_compress(std::string_view raw) {
  std::string out;
  snappy::Compress(raw.data(), raw.size(), &out);
  return out;
}

Result<std::string> snappy_decompress(std::string_view packed, std::size_t bytes_max) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(packed.data(), packed.size(), &size)) return damaged("snappy", "no length");
  if (size > bytes_max) return too_large("snappy", bytes_max);
  // A snappy copy makes at most 64 bytes from 2, so a longer claim is a lie; refusing it avoids the allocation.
  if (size / 64 > packed.size()) return damaged("snappy", "the length cannot be right");
  std::string out(size, '\0');
  if (!snappy::RawUncompress(packed.data(), packed.size(), out.data())) return damaged("snappy", "corrupt input");
  return out;
}

}  // namespace trilobite
