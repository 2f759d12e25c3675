// The labels that stand for this server where its series leave it: in federation and remote read.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "columnar/label_set.h"

namespace trilobite::api {

// Asked at every request, because the configuration that says them may be read again. May be empty: none. Any thread.
using ExternalLabels = std::function<std::vector<std::pair<std::string, std::string>>()>;

inline std::vector<std::pair<std::string, std::string>> labels_of(const ExternalLabels& external) {
  return external ? external() : std::vector<std::pair<std::string, std::string>>();
}

}  // namespace trilobite::api
