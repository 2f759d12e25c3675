// Gzip of an answer that is made piece by piece.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace trilobite::server {

class GzipStream {
 public:
  explicit GzipStream(int level);
  ~GzipStream();
  // Appends what is ready to `out`; zlib holds the rest back until it has a block or finish() is called.
  void add(std::string_view raw, std::string& out);
  void flush(std::string& out);  // everything added so far can be read by the client
  void finish(std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace trilobite::server
