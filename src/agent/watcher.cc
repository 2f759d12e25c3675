#include "agent/watcher.h"

#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "agent/log_target.h"

namespace trilobite::agent {
namespace {

constexpr std::uint32_t kNamesMask =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kFilesMask = kNamesMask | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;

// From statfs(2): NFS, SMB in three generations, FUSE, 9P, Ceph, AFS.
constexpr std::array<std::uint32_t, 8> kNetworkFileSystems{0x6969,     0x517B,     0xFF534D42, 0xFE534D42,
                                                           0x65735546, 0x01021997, 0x00C36400, 0x5346414F};

bool is_network(const std::string& folder) {
  struct statfs info {};
  if (::statfs(folder.c_str(), &info) != 0) return true;
  for (const std::uint32_t type : kNetworkFileSystems) {
    if (static_cast<std::uint32_t>(info.f_type) == type) return true;
  }
  return false;
}

}  // namespace

Watcher::Watcher() : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (fd_ < 0) kLog.warn("inotify is not available ({}); files are polled", std::strerror(errno));
}

Watcher::~Watcher() {
  if (fd_ >= 0) ::close(fd_);
}

bool Watcher::watch(const std::string& folder, WatchFor what) {
  if (fd_ < 0 || is_network(folder)) return false;
  // IN_MASK_ADD: a folder that is both a parent and holds files keeps the wider mask.
  const std::uint32_t mask = (what == WatchFor::kFiles ? kFilesMask : kNamesMask) | IN_MASK_ADD;
  const int watch = ::inotify_add_watch(fd_, folder.c_str(), mask);
  if (watch < 0) {
    if (errno == ENOSPC && !warned_) {
      warned_ = true;
      kLog.warn("the limit of inotify watches is reached (sysctl fs.inotify.max_user_watches); some files are polled");
    }
    return false;
  }
  folders_[watch] = folder;
  return true;
}

Watcher::Events Watcher::take() {
  Events out;
  if (fd_ < 0) return out;
  alignas(inotify_event) char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd_, buffer, sizeof buffer);
    if (got <= 0) return out;  // no more for now
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof event);
      const char* name = buffer + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      if (event.mask & IN_Q_OVERFLOW) out.lost = out.folders_changed = true;
      const auto folder = folders_.find(event.wd);
      if (folder == folders_.end()) continue;
      if (event.mask & (kNamesMask & ~IN_ONLYDIR)) out.folders_changed = true;
      if (event.mask & IN_ATTRIB) out.folders_changed = true;  // a file may have become readable, or lost its last link
      if (event.len > 0 && (event.mask & (IN_MODIFY | IN_CLOSE_WRITE))) {
        out.files.push_back((folder->second == "/" ? "" : folder->second) + "/" + name);
      }
      if (event.mask & IN_IGNORED) folders_.erase(folder);
    }
  }
}

}  // namespace trilobite::agent
