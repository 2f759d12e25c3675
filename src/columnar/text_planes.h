// Texts of one series that differ little from row to row, as native histograms do: neighbours of one length are laid on
// each other, the bytes of a row become their exclusive or with those of the row before, and go out place by place, so
// that what does not change is a run of zeros for the compressor behind.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "columnar/column.h"
#include "base/result.h"

namespace trilobite::columnar {

// planes := groups until the rows are complete: varint rows, varint length, rows * length bytes
void encode_text_planes(std::span<const std::string_view> texts, std::string& out);  // appends
// All of `bytes`; `rows` texts, replacing what is in `out`.
Result<void> decode_text_planes(std::string_view bytes, std::size_t rows, StringColumn& out);

}  // namespace trilobite::columnar
