#include "ingest/wire_pairs.h"

#include "ingest/wire_reader.h"

namespace trilobite::ingest {

bool read_wire_pairs(std::string_view message, std::vector<LabelSet::Pair>& out) {
  out.clear();
  WireReader reader(message);
  while (reader.next()) {
    if (reader.tag() != wire_tag(1, Wire::kBytes)) {
      reader.skip();
      continue;
    }
    WireReader label(reader.bytes());
    LabelSet::Pair pair;
    while (label.next()) {
      if (label.tag() == wire_tag(1, Wire::kBytes)) {
        pair.first = label.bytes();
      } else if (label.tag() == wire_tag(2, Wire::kBytes)) {
        pair.second = label.bytes();
      } else {
        label.skip();
      }
    }
    if (label.broken()) return false;
    out.push_back(pair);
  }
  return !reader.broken();
}

}  // namespace trilobite::ingest
