// A scan of the embedded engine: a plan made once, then blocks handed to whoever calls next().
#pragma once

#include <memory>

#include "storage/store_view.h"

namespace trilobite::storage {

Result<std::unique_ptr<Scan>> open_scan(const StoreView& view, ScanRequest request);

}  // namespace trilobite::storage
