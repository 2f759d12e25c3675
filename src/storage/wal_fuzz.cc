// Bytes from a disk that lies: reading a WAL segment never crashes, and what it accepts can be appended to a head.
#include "columnar/memory_files.h"
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
  // A reader that has blocks of the file in memory finds the same frames.
  MemoryFiles files;
  files.set("segment", std::string(input));
  const auto file = files.open("segment");
  CHECK(file.ok());
  const auto reader = FrameLogReader::open(FrameLogKind::kSegment, **file);
  const auto content = read_frame_log(FrameLogKind::kSegment, input);
  CHECK(content.ok() == reader.ok());
  if (!content.ok()) return 0;
  for (const std::string_view frame : content->frames) {
    const auto next = (*reader)->next();
    CHECK(next.ok() && *next && **next == frame);
    replay(frame);
  }
  const auto end = (*reader)->next();
  CHECK(end.ok() && !*end);
  CHECK((*reader)->found().bytes_valid == content->bytes_valid && (*reader)->found().torn == content->torn);
  return 0;
}
