// Tells at once which files have grown and whether folders have changed, by inotify on the folders. Nothing depends on
// it: what it cannot watch, or misses, is found by looking at the files now and then.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace trilobite::agent {

enum class WatchFor { kFiles, kNames };  // kNames: only what appears or goes, not what grows

// One thread.
class Watcher {
 public:
  Watcher();
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // False: the folder must be polled (no inotify, the limit of watches is reached, or a network file system, which does
  // not report what other machines write). Watching again what is watched costs one system call.
  bool watch(const std::string& folder, WatchFor what);

  struct Events {
    std::vector<std::string> files;  // that have been written to
    bool folders_changed = false;
    bool lost = false;               // events were lost: look at everything
  };
  Events take();

  int descriptor() const { return fd_; }  // readable when there are events; -1 without inotify

 private:
  int fd_ = -1;
  bool warned_ = false;
  std::unordered_map<int, std::string> folders_;  // by watch descriptor
};

}  // namespace trilobite::agent
