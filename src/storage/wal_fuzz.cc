// Bytes from a disk that lies: reading a WAL segment never crashes, and what it accepts can be appended to a head.
#include "storage/frame_log.h"
#include "storage/head.h"
#include "storage/wal_record.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
  using namespace trilobite;
  using namespace trilobite::storage;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  WalSeriesNames names;
  const auto replay = [&](std::string_view frame) {
    auto records = decode_frame(frame, names);
    if (!records.ok()) return;
    Head head;
    for (const WalRecord& record : *records) {
      head.append(record.tenant, record.signal, record.batch, record.keys());
    }
  };
  replay(input);
  if (auto content = read_frame_log(FrameLogKind::kSegment, input); content.ok()) {
    for (const std::string_view frame : content->frames) replay(frame);
  }
  return 0;
}
