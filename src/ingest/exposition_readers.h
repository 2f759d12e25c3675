// One reader per format, and what they share of families.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ingest/exposition.h"
#include "ingest/exposition_lines.h"

namespace trilobite::ingest {

std::unique_ptr<ExpositionReader> read_text_exposition(std::string_view body);
std::unique_ptr<ExpositionReader> read_openmetrics(std::string_view body, ExpositionOptions options);
std::unique_ptr<ExpositionReader> read_protobuf_exposition(std::string_view body, ExpositionOptions options);

// Classic histograms of `inner` as native ones with custom buckets; `keep`: the classic series as well.
std::unique_ptr<ExpositionReader> with_custom_buckets(std::unique_ptr<ExpositionReader> inner, bool keep);

// The family of this name, made if it is not among the last few: HELP, TYPE and UNIT stand together.
ExpositionFamily& family_of(std::vector<ExpositionFamily>& families, std::string name);

NumberLabel number_label_of(std::string_view type);

}  // namespace trilobite::ingest
