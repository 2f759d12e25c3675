// Bytes from a disk that lies: reading a manifest or an edit never crashes; an edit that is accepted is written the
// same way.
#include "base/check.h"
#include "storage/label_index.h"
#include "storage/manifest.h"
#include "storage/series_table.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
  using namespace trilobite::storage;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(read_manifest(input));
  if (auto edit = decode_edit(input); edit.ok()) {
    auto again = decode_edit(encode_edit(*edit));
    CHECK(again.ok() && encode_edit(*again) == encode_edit(*edit));
  }
  static_cast<void>(SeriesTable::decode(input));
  static_cast<void>(LabelIndex::decode(input, 1000));
  return 0;
}
