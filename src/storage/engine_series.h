// A scan of whole series of the embedded engine: planned from label indexes, decoded in the threads of those who ask.
#pragma once

#include <memory>

#include "storage/hidden_rows.h"
#include "storage/store_view.h"

namespace trilobite::storage {

Result<std::unique_ptr<SeriesScan>> open_series_scan(const StoreView& view, const ScanRequest& request,
                                                     HiddenRows hidden, std::vector<std::string> warnings);

}  // namespace trilobite::storage
