#include "server/gzip_stream.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace trilobite::server {

struct GzipStream::State {
  z_stream stream{};

  void run(std::string_view raw, int mode, std::string& out) {
    constexpr std::size_t kPiece = std::numeric_limits<uInt>::max();
    do {
      const std::string_view piece = raw.substr(0, kPiece);
      raw.remove_prefix(piece.size());
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
      stream.avail_in = static_cast<uInt>(piece.size());
      int result = Z_OK;
      do {
        char space[16 << 10];
        stream.next_out = reinterpret_cast<Bytef*>(space);
        stream.avail_out = sizeof(space);
        result = deflate(&stream, raw.empty() ? mode : Z_NO_FLUSH);
        CHECK(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
        out.append(space, sizeof(space) - stream.avail_out);
      } while (stream.avail_out == 0);
    } while (!raw.empty());
  }
};

GzipStream::GzipStream(int level) : state_(std::make_unique<State>()) {
  constexpr int kGzipWindow = 15 + 16;
  CHECK(deflateInit2(&state_->stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK);
}
GzipStream::~GzipStream() { deflateEnd(&state_->stream); }

void GzipStream::add(std::string_view raw, std::string& out) { state_->run(raw, Z_NO_FLUSH, out); }
void GzipStream::flush(std::string& out) { state_->run({}, Z_SYNC_FLUSH, out); }
void GzipStream::finish(std::string& out) { state_->run({}, Z_FINISH, out); }

}  // namespace trilobite::server
