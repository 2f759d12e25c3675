// Samples in the formats that scrapers read, chosen by their Accept header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "metrics/histogram.h"

namespace trilobite::api {

enum class WrittenFormat : std::uint8_t { kText, kOpenMetrics, kProtobuf };

struct WrittenAs {
  WrittenFormat format = WrittenFormat::kText;
  bool utf8_names = false;  // else what is no plain name gets underscores
  std::string content_type;
};
// The format of the highest q that we have; text if there is none.
WrittenAs choose_written_format(std::string_view accept);

struct WrittenSample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  TimeNs time = 0;
  double value = 0;
  const metrics::Histogram* histogram = nullptr;  // written in protobuf only
};

// Families of samples, those of a name in one piece: REQUIRES: sorted by name.
class ExpositionWriter {
 public:
  explicit ExpositionWriter(WrittenAs as) : as_(std::move(as)) {}
  void add(const WrittenSample& sample);
  std::string finish();

 private:
  void end_family();
  void add_text(const WrittenSample& sample);
  void add_protobuf(const WrittenSample& sample);

  WrittenAs as_;
  std::string out_;
  std::string name_;      // of the family under way
  std::string metrics_;   // of it, in protobuf
  int family_type_ = 0;
};

}  // namespace trilobite::api
