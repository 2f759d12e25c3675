// The thread that carries out delete requests, at a low priority.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "logs/delete_requests.h"

namespace trilobite::server {

class DeleteWorker {
 public:
  explicit DeleteWorker(logql::DeleteRequests& requests) : requests_(requests), thread_([this] { run(); }) {}
  ~DeleteWorker();  // a step under way is finished
  DeleteWorker(const DeleteWorker&) = delete;
  DeleteWorker& operator=(const DeleteWorker&) = delete;

 private:
  void run();

  logql::DeleteRequests& requests_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace trilobite::server
