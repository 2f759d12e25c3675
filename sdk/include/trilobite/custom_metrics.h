// Gauges of back ends that are written in other languages. A back end sends JSON such as
//
//   {"schema_version":1,"worker_id":"7","metrics":{"gauges":{"kv_blocks_used":12,"queue_depth":3}}}
//
// for an address namespace.component.endpoint; each gauge becomes dynamo_component_<name> with that address as labels.
// The status server takes it at POST /v1/metrics/<address>.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <trilobite/metrics.h>

namespace trilobite::instruments {

// The three parts of namespace.component.endpoint.
struct Address {
  std::string name_space, component, endpoint;
};
// False unless there are exactly three parts, none of them empty.
bool parse_address(std::string_view text, Address& out);

class CustomMetricsState;

class CustomMetrics {
 public:
  static constexpr std::size_t kGaugesMax = 100;  // of one address; further ones are dropped with a line in the log
  static constexpr std::size_t kAddressesMax = 1000;

  explicit CustomMetrics(const Registry& runtime);

  // Sets the gauges of metrics.gauges; other keys are ignored, values that are no numbers are named in the error.
  // Returns an error text or an empty one; after an error the old values stay. Any thread.
  std::string apply(std::string_view address, std::string_view json) const;

 private:
  detail::Ref<detail::Counted> state_;
};

}  // namespace trilobite::instruments
