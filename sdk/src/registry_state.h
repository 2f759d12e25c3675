// What a Registry refers to.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <trilobite/metrics.h>

#include "metric_family.h"
#include "outcome.h"

namespace trilobite::instruments::detail {

template <class R>
struct ScrapeCallback {
  Callback<R()> function;
  std::mutex mutex;  // held during the call: one at a time
};

class RegistryState : public Counted {
 public:
  RegistryState(std::string prefix, std::vector<std::string> path, bool has_levels)
      : prefix(std::move(prefix)), path(std::move(path)), has_levels(has_levels) {}

  const std::string prefix;
  const std::vector<std::string> path;  // of the names of levels, without the root's
  const bool has_levels;                // automatic labels and sanitised names

  std::mutex mutex;  // guards what follows
  std::vector<Ref<Family>> families;
  std::vector<Ref<RegistryState>> children;
  std::vector<std::shared_ptr<ScrapeCallback<std::string>>> update_callbacks;
  std::vector<std::shared_ptr<ScrapeCallback<TextOrError>>> text_callbacks;
  std::size_t series_max = 100'000;
};

// The registry and all below it, parents first, children in the order they were made, each once.
std::vector<Ref<RegistryState>> walk(RegistryState& root);

// The family a request asks for, checked except for what is registered already; or the error text.
log::Outcome<FamilyOptions> family_options(const RegistryState& level, const Request& request);

// Why this family cannot stand beside those of the registry; empty: it can. Requires the mutex.
std::string conflict(const RegistryState& level, const FamilyOptions& options);

}  // namespace trilobite::instruments::detail
