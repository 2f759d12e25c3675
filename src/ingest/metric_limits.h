// What a tenant may write of samples.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace trilobite::ingest {

struct MetricLimits {
  // A sample older than the newest of its series by no more than this is stored; older ones are out of order. 0 as in
  // Prometheus: time only goes forward.
  std::chrono::nanoseconds out_of_order_window{0};
  // How far ahead of the clock a sample may be; 0: any time. Prometheus' ten minutes.
  std::chrono::nanoseconds future_max = std::chrono::minutes(10);
  // How far behind the clock; 0: any time, so that recorded data loads.
  std::chrono::nanoseconds past_max{0};

  std::size_t series_max = 0;  // with a sample in the last hour; 0: any number
  // Of one series; 0: any. Mimir's defaults are 30, 1024 and 2048; Prometheus has none.
  std::size_t label_names_max = 0;
  std::size_t label_name_bytes_max = 0;
  std::size_t label_value_bytes_max = 0;

  bool start_times = false;                 // stored, where senders say them
  bool exemplars = true;                    // stored
  std::size_t metadata_max = 20'000;        // metric families that type, help and unit are kept of
};

struct MetricLimitsByTenant {
  MetricLimits defaults;
  std::map<std::string, MetricLimits, std::less<>> overrides;

  const MetricLimits& of(std::string_view tenant) const {
    const auto found = overrides.find(tenant);
    return found == overrides.end() ? defaults : found->second;
  }
};

}  // namespace trilobite::ingest
