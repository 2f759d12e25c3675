// Numbers of series of one part or one head table, as a compressed bitmap.
#pragma once

#include <roaring/roaring.hh>

namespace trilobite::storage {

using SeriesSet = ::Roaring;

}  // namespace trilobite::storage
