// Label names, values and series, from the indexes of heads and parts; no rows are read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/store_view.h"

namespace trilobite::storage {

Result<std::vector<std::string>> query_label_names(const StoreView& view, const IndexRequest& request);
Result<std::vector<std::string>> query_label_values(const StoreView& view, const IndexRequest& request,
                                                    std::string_view name);
Result<std::vector<SeriesInfo>> query_series(const StoreView& view, const IndexRequest& request);

}  // namespace trilobite::storage
