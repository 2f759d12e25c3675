// Which series a scan of samples hands out, and where each of them is.
#pragma once

#include <memory>
#include <vector>

#include "storage/row_source.h"
#include "storage/scan_plan.h"

namespace trilobite::storage {

struct SeriesPlan {
  // One series in one source.
  struct Piece {
    std::uint32_t source = 0, series = 0;
  };
  std::vector<std::shared_ptr<const RowSource>> sources;  // by arrival
  std::vector<Piece> pieces;                              // of one series next to each other, by arrival
  std::vector<std::uint32_t> ends;                        // in pieces, of each series
  std::uint64_t samples = 0;                              // about
  std::size_t parts = 0, blocks_skipped = 0;

  std::size_t series() const { return ends.size(); }
  std::span<const Piece> pieces_of(std::size_t series) const {
    const std::size_t begin = series == 0 ? 0 : ends[series - 1];
    return std::span(pieces).subspan(begin, ends[series] - begin);
  }
};

Result<SeriesPlan> plan_series(const StoreView& view, const ScanRequest& request);

}  // namespace trilobite::storage
