// Bytes from a disk that lies, also with a right checksum: what is accepted is written the same again.
#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "logs/delete_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
  using namespace trilobite;
  std::string input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(logql::decode_deletes(input));
  const std::uint64_t hash = hash64(input);
  ByteWriter(input).fixed(hash);
  const auto read = logql::decode_deletes(input);
  if (!read.ok()) return 0;
  const auto again = logql::decode_deletes(logql::encode_deletes(*read));
  CHECK(again.ok() && again->size() == read->size());
  return 0;
}
