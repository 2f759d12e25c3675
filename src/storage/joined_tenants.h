// Queries over several tenants at once: a store that takes "a|b" as a tenant for reading. Each label set gets the label
// __tenant_id__, by which matchers may choose as well; a label of that name in the data becomes original___tenant_id__.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"

namespace trilobite {

inline constexpr std::string_view kTenantLabel = "__tenant_id__";
inline constexpr std::string_view kOriginalTenantLabel = "original___tenant_id__";

// The names in "a|b|a", sorted, each once.
std::vector<std::string> tenant_names(std::string_view tenants);

// Requests for one tenant go to `store` as they are. `store` must outlive it.
class JoinedTenants final : public Store {
 public:
  explicit JoinedTenants(Store& store) : store_(store) {}

  Result<void> append(std::string_view tenant, Signal signal, const Batch& batch,
                      const AppendOptions& options) override {
    return store_.append(tenant, signal, batch, options);
  }
  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override;
  Result<std::unique_ptr<SeriesScan>> scan_series(ScanRequest request) override;
  Result<std::vector<std::string>> label_names(const IndexRequest& request) override;
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override;
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override;
  // Of single tenants only.
  std::optional<std::uint64_t> version(std::string_view tenant, Signal signal, TimeRange range) const override;
  Result<void> flush() override { return store_.flush(); }
  StoreStatistics statistics() const override { return store_.statistics(); }

 private:
  Store& store_;
};

}  // namespace trilobite
