#include "sinks.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace trilobite::log {
namespace {

int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {  // someone made a shared descriptor non-blocking
      pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
      if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) return errno;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

class DescriptorSink : public Sink {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}
  int write(std::string_view lines) override { return write_all(descriptor_, lines); }
  bool is_terminal() const override { return ::isatty(descriptor_) == 1; }

 protected:
  int descriptor_;
};

class FileSink : public DescriptorSink {
 public:
  using DescriptorSink::DescriptorSink;
  ~FileSink() override { ::close(descriptor_); }
};

}  // namespace

std::unique_ptr<Sink> descriptor_sink(int descriptor) { return std::make_unique<DescriptorSink>(descriptor); }

Outcome<std::unique_ptr<Sink>> file_sink(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (descriptor < 0) return Error{"cannot open log file " + path + ": " + std::strerror(errno)};
  return std::unique_ptr<Sink>(std::make_unique<FileSink>(descriptor));
}

}  // namespace trilobite::log
