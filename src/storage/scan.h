// A scan of the embedded engine, without hidden rows: a plan made once, then blocks handed to whoever calls next().
#pragma once

#include <memory>

#include "storage/hidden_rows.h"
#include "storage/store_view.h"

namespace trilobite::storage {

Result<std::unique_ptr<Scan>> open_scan(const StoreView& view, ScanRequest request,
                                        HiddenRows hidden, std::vector<std::string> warnings);

}  // namespace trilobite::storage
