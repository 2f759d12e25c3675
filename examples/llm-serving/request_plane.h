// How the processes of the demo talk: requests whose answer is a stream of chunks, and events to whoever listens.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llm {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The value of the header, or nothing; names are compared without case.
std::string_view header(const Headers& headers, std::string_view name);

struct Request {
  std::string body;
  Headers headers;
};

// Takes one chunk of an answer; false: nobody wants more.
using OnChunk = std::function<bool(std::string_view chunk)>;

// Answers a request chunk by chunk and returns an error, or an empty text.
using Handler = std::function<std::string(const Request& request, const OnChunk& send)>;

// Any thread. Handlers run on threads of their own.
class RequestPlane {
 public:
  virtual ~RequestPlane() = default;
  // Subjects are worker.endpoint, as decode-0.generate.
  virtual void serve(const std::string& subject, Handler handler) = 0;
  // Returns an error, or an empty text after the last chunk. The time limit is that between two chunks.
  virtual std::string call(const std::string& subject, const Request& request, const OnChunk& on_chunk,
                           std::chrono::milliseconds silence_max) = 0;
  // Best effort, to those who listen now.
  virtual void publish(const std::string& subject, const std::string& body) = 0;
  virtual void listen(const std::string& subject, std::function<void(std::string_view body)> take) = 0;
};

}  // namespace llm
