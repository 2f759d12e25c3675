#include "server/graphite_listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <trilobite/log.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "server/listen_socket.h"

namespace trilobite::server {
namespace {

constexpr trilobite::log::Target kLog{"trilobite::graphite"};
constexpr std::size_t kReadBytes = 256u << 10;  // at once from one connection, so that none holds up the others
constexpr auto kPollMax = std::chrono::seconds(60);
constexpr auto kPause = std::chrono::milliseconds(100);

using Steady = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Connection {
  Descriptor socket;
  LineSplitter lines;
  Steady::time_point heard;
  bool complained = false;  // one line in our log for each connection is enough
};

}  // namespace

void LineSplitter::add(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    const bool ends = end != std::string_view::npos;
    if (!skips_ && begun_.size() + part.size() > bytes_max_) {
      skips_ = true;
      ++too_long_;
      begun_.clear();
    }
    if (!skips_) {
      if (ends) {
        out.append(begun_).append(part) += '\n';
        begun_.clear();
      } else {
        begun_ += part;
      }
    }
    if (!ends) return;
    skips_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::finish(std::string& out) {
  if (!begun_.empty()) out.append(begun_) += '\n';
  begun_.clear();
}

struct GraphiteListener::State {
  GraphiteOptions options;
  Write write;
  Descriptor listening, wake;
  std::string address;
  std::vector<Connection> connections;  // of the thread
  std::string buffer = std::string(kReadBytes, '\0');
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> open{0}, refused{0}, samples{0}, faults{0};
  std::thread thread;

  void run();
  std::vector<pollfd> wanted() const;
  int patience() const;
  void accept_all();
  bool read_from(Connection& connection);
  void take(Connection& connection, const std::string& lines, std::uint64_t too_long);
};

std::vector<pollfd> GraphiteListener::State::wanted() const {
  std::vector<pollfd> out{{wake.get(), POLLIN, 0}, {listening.get(), POLLIN, 0}};
  for (const Connection& connection : connections) out.push_back({connection.socket.get(), POLLIN, 0});
  return out;
}

// Milliseconds until somebody was idle for too long.
int GraphiteListener::State::patience() const {
  auto until = Steady::now() + kPollMax;
  if (options.idle_timeout.count() > 0) {
    for (const Connection& connection : connections) until = std::min(until, connection.heard + options.idle_timeout);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void GraphiteListener::State::accept_all() {
  for (;;) {
    Descriptor socket(::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.get() < 0) {
      if (errno != EMFILE && errno != ENFILE) return;
      kLog.warn("cannot accept a connection: too many open files");
      std::this_thread::sleep_for(kPause);  // it would be told again at once
      return;
    }
    if (connections.size() >= options.connections_max) {
      if (refused.fetch_add(1) == 0) kLog.warn("more than {} connections: refused", options.connections_max);
      continue;
    }
    connections.push_back({std::move(socket), LineSplitter(options.line_bytes_max), Steady::now()});
  }
}

void GraphiteListener::State::take(Connection& connection, const std::string& lines, std::uint64_t too_long) {
  std::string fault = too_long > 0 ? fmt::format("a line is longer than {} bytes", options.line_bytes_max) : "";
  faults += too_long;
  if (!lines.empty()) {
    const Result<ingest::ImportOutcome> outcome = write(lines);
    if (!outcome.ok()) {
      faults += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
      fault = outcome.error().message;
    } else {
      samples += outcome->samples;
      faults += outcome->faults;
      if (outcome->faults > 0) fault = outcome->first_faults;
    }
  }
  if (fault.empty() || std::exchange(connection.complained, true)) return;
  kLog.warn("lines of a sender are left out: {}", fault);
}

// False: the connection is over.
bool GraphiteListener::State::read_from(Connection& connection) {
  const ssize_t got = ::recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  const std::uint64_t before = connection.lines.too_long();
  std::string lines;
  if (got == 0) {
    connection.lines.finish(lines);
  } else {
    connection.heard = Steady::now();
    connection.lines.add(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)), lines);
  }
  take(connection, lines, connection.lines.too_long() - before);
  return got > 0;
}

void GraphiteListener::State::run() {
  while (!stopping) {
    std::vector<pollfd> ready = wanted();
    if (::poll(ready.data(), ready.size(), patience()) < 0 && errno != EINTR) {
      kLog.error("cannot wait for connections: {}", std::generic_category().message(errno));
      return;
    }
    if (stopping) return;
    const auto now = Steady::now();
    std::vector<Connection> kept;
    for (std::size_t i = 0; i < connections.size(); ++i) {
      Connection& connection = connections[i];
      const bool heard = ready[i + 2].revents != 0;
      const bool idle = options.idle_timeout.count() > 0 && now - connection.heard >= options.idle_timeout;
      if (heard ? read_from(connection) : !idle) kept.push_back(std::move(connection));
    }
    connections = std::move(kept);
    if (ready[1].revents != 0) accept_all();
    open = connections.size();
  }
}

Result<std::unique_ptr<GraphiteListener>> GraphiteListener::start(GraphiteOptions options, Write write) {
  TRY(socket, open_listen_socket(options.listen));
  auto state = std::make_unique<State>();
  state->listening = Descriptor(socket.fd);
  state->address = std::move(socket.address);
  state->wake = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (state->wake.get() < 0) return error(Code::kIo, "cannot listen on {}: no event descriptor", options.listen);
  state->options = std::move(options);
  state->write = std::move(write);
  state->thread = std::thread([raw = state.get()] { raw->run(); });
  return std::unique_ptr<GraphiteListener>(new GraphiteListener(std::move(state)));
}

GraphiteListener::GraphiteListener(std::unique_ptr<State> state) : state_(std::move(state)) {}

GraphiteListener::~GraphiteListener() { stop(); }

std::string GraphiteListener::address() const { return state_->address; }

GraphiteStats GraphiteListener::stats() const {
  return {state_->open, state_->refused, state_->samples, state_->faults};
}

void GraphiteListener::stop() {
  if (state_->stopping.exchange(true)) return;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(state_->wake.get(), &one, sizeof(one)));
  state_->thread.join();
}

}  // namespace trilobite::server
