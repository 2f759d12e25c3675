// What a store has of series that a writer meets for the first time since it was opened.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "columnar/label_set.h"

namespace trilobite {

struct NewestSample {
  TimeNs time = 0;
  double value = 0;
  std::string histogram;  // as in kHistogramColumn
};

// What a Store may be besides. Any thread.
class NewestSamples {
 public:
  virtual ~NewestSamples() = default;

  // The time that no sample of the tenant is newer than; none: it has no samples.
  virtual std::optional<TimeNs> newest_time(const std::string& tenant) const = 0;
  // Of each series the newest sample; none: there is no sample at `from` or later, or it cannot be read. Looks at the
  // label sections of all parts that reach `from`, so it is for what comes late, not for every write.
  virtual std::vector<std::optional<NewestSample>> newest_samples(const std::string& tenant,
                                                                  std::span<const LabelSetRef> series,
                                                                  TimeNs from) = 0;
};

}  // namespace trilobite
