// The log corpus as the store would hold it: blocks of rows sorted by (series, time).
#pragma once

#include <string>
#include <vector>

#include "columnar/part.h"

namespace trilobite::bench {

struct Corpus {
  std::string raw;  // every line and a newline, in order of arrival: what ratios refer to
  std::vector<Block> blocks;
  std::size_t rows = 0;
};

// Reads push.bin of `folder`: (u32 length, snappy, Loki push request) records. Exits with a message when it cannot.
Corpus read_corpus(const std::string& folder);

}  // namespace trilobite::bench
