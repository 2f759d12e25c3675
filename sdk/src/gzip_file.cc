#include "gzip_file.h"

#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

namespace trilobite::log {
namespace {

int copy_compressed(int from, gzFile to) {
  std::array<char, 64 << 10> block;
  for (;;) {
    const ssize_t count = ::read(from, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return 0;
    if (gzwrite(to, block.data(), static_cast<unsigned>(count)) != count) return errno != 0 ? errno : EIO;
  }
}

}  // namespace

int gzip_file(const std::string& path) {
  const int from = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (from < 0) return errno;
  const std::string unfinished = path + ".gz.tmp";
  const int to = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  gzFile stream = to < 0 ? nullptr : gzdopen(to, "wb6");
  int failure = stream == nullptr ? errno : copy_compressed(from, stream);
  if (stream != nullptr) {
    if (gzclose(stream) != Z_OK && failure == 0) failure = EIO;
  } else if (to >= 0) {
    ::close(to);
  }
  ::close(from);
  if (failure == 0 && std::rename(unfinished.c_str(), (path + ".gz").c_str()) != 0) failure = errno;
  if (failure != 0) {
    ::unlink(unfinished.c_str());
    return failure;
  }
  ::unlink(path.c_str());
  return 0;
}

}  // namespace trilobite::log
