// What a worker is given: its place in the hierarchy, the plane it talks on, what is wrong with it.
#pragma once

#include <cstdint>
#include <string>

#include <trilobite/metrics.h>

#include "engine.h"
#include "request_plane.h"

namespace llm {

struct WorkerContext {
  std::string name;       // prefill-0
  std::string component;  // prefill
  std::string name_space;
  std::string model;
  std::uint64_t instance_id = 0;
  trilobite::metrics::Registry runtime;
  trilobite::metrics::Registry endpoint;  // runtime / namespace / component / generate
  RequestPlane& plane;
  const Fault& fault;
};

}  // namespace llm
