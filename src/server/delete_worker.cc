#include "server/delete_worker.h"

#include <pthread.h>
#include <sys/resource.h>
#include <trilobite/log.h>
#include <unistd.h>

namespace trilobite::server {
namespace {

constexpr log::Target kLog{"trilobite::deletes"};
constexpr std::chrono::seconds kInterval{2};
constexpr std::chrono::seconds kRetryInterval{30};  // after a failure: the disk may have room again soon
constexpr int kNice = 10;

}  // namespace

DeleteWorker::~DeleteWorker() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void DeleteWorker::run() {
  pthread_setname_np(pthread_self(), "deletes");
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  for (;;) {
    const Result<bool> more = requests_.execute_once();
    const bool closing =
        !more.ok() && (more.error().code == Code::kUnavailable || more.error().code == Code::kCancelled);
    if (!more.ok() && !closing) kLog.warn("cannot delete lines, will try again: {}", more.error().message);
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    if (more.ok() && *more) continue;
    wake_.wait_for(lock, more.ok() ? kInterval : kRetryInterval, [this] { return stopping_; });
    if (stopping_) return;
  }
}

}  // namespace trilobite::server
