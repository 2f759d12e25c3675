// The entries of a list in a YAML document as they were written, comments included.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/yaml_tree.h"

namespace trilobite::scrape {

// For each entry of `list`, which stands in `document` as a list with dashes, its lines as a document of their own:
// with the comments directly above it, without the dash. Best effort: where a list is written in another way the texts
// mean something else, so that the caller must compare what he reads with the entry.
std::vector<std::string> entry_texts(std::string_view document, const agent::yaml::Node& list);

}  // namespace trilobite::scrape
