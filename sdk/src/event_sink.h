// Where events go whole, not as lines: a protocol of their own decides what becomes of level, fields and ids.
#pragma once

#include "event.h"

namespace trilobite::log {

// One thread at a time calls it.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual int append(const Event& event) = 0;  // 0 or an errno value; the event is then lost and counted
  virtual int write_out() { return 0; }        // everything appended is on its way when it returns
};

}  // namespace trilobite::log
