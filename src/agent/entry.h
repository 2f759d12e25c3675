// One log line on its way through the agent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/labels.h"
#include "base/clock.h"

namespace trilobite::agent {

// What the stages extract, and the initial labels. Values are text: a stage that wants a number parses it.
using Extracted = Labels;

struct Entry {
  std::string line;
  TimeNs time = 0;       // what is stored; a stage may set it
  TimeNs read_time = 0;  // when we saw the line
  Labels labels;
  Labels metadata;       // structured metadata
  Extracted extracted;
  // The bytes of the source that the entry stands for: [begin, end). Entries of one source follow each other.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Entries of one source, in its order.
using Entries = std::vector<Entry>;

// The label that a tenant stage sets and that is not sent.
inline constexpr std::string_view kTenantLabel = "__tenant_id__";

}  // namespace trilobite::agent
