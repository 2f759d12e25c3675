// Everything that can be read at one moment. Each acknowledged row is in exactly one of the places.
#pragma once

#include <memory>
#include <vector>

#include "storage/head.h"
#include "storage/part_handle.h"

namespace trilobite::storage {

struct StoreView {
  std::shared_ptr<const PartSet> parts;
  std::shared_ptr<const Head> frozen;  // being written to parts; may be null
  std::shared_ptr<const Head> active;
};

}  // namespace trilobite::storage
