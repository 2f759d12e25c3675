#include "query/result_slices.h"

namespace trilobite::query {
namespace {

constexpr std::size_t kGapsMax = 4;  // more pieces are read as one: each costs a scan

}  // namespace

bool ResultSlices::find(Signal signal, const std::string& prefix,
                        const std::function<TimeRange(TimeNs, TimeNs)>& rows_of) {
  const TimeNs length = static_cast<TimeNs>(kSteps) * grid_.step;
  const TimeNs past = grid_.start % length;
  TimeNs start = grid_.start - (past < 0 ? past + length : past);
  if (start < grid_.start) start += length;
  for (; start + length - grid_.step <= grid_.last(); start += length) {
    // Before anything is read: what changes while the slice is read makes it another version.
    const std::optional<std::uint64_t> version =
        context_.store().version(context_.tenant(), signal, rows_of(start, start + length - grid_.step));
    if (!version) return false;
    const auto begin = static_cast<std::size_t>((start - grid_.start) / grid_.step);
    Slice slice{{begin, begin + kSteps, nullptr}, prefix + std::to_string(start), *version};
    slice.piece.found = cache_.find(context_.tenant(), slice.key, *version);
    ++statistics_.slices_asked;
    slices_.push_back(std::move(slice));
  }
  return true;
}

std::vector<ResultPiece> ResultSlices::cut() {
  std::vector<ResultPiece> out;
  std::size_t at = 0, gaps = 0;
  const auto gap_until = [&](std::size_t end) {
    if (at == end) return;
    out.push_back({at, end, nullptr});
    ++gaps;
  };
  for (const Slice& slice : slices_) {
    if (slice.piece.found == nullptr) continue;
    gap_until(slice.piece.begin);
    out.push_back(slice.piece);
    at = slice.piece.end;
  }
  gap_until(grid_.steps());
  if (gaps > kGapsMax) return {{0, grid_.steps(), nullptr}};
  for (const ResultPiece& piece : out) {
    if (piece.found == nullptr) continue;
    ++statistics_.slices_found;
    statistics_.bytes_found += piece.found->bytes();
    statistics_.time_found += static_cast<TimeNs>(kSteps) * grid_.step;
  }
  return out;
}

void ResultSlices::keep(const ResultPiece& read, const std::function<ResultSlice(const ResultPiece&)>& part_of) {
  for (const Slice& slice : slices_) {
    const auto& [begin, end, found] = slice.piece;
    if (begin < read.begin || end > read.end || grid_.at(end - 1) > context_.clock().now()) continue;
    auto kept = std::make_shared<const ResultSlice>(part_of(slice.piece));
    const std::size_t bytes = kept->bytes();
    if (!cache_.insert(context_.tenant(), slice.key, slice.version, std::move(kept))) continue;
    ++statistics_.slices_kept;
    statistics_.bytes_kept += bytes;
  }
}

}  // namespace trilobite::query
