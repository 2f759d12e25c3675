#include "nats_plane.h"

#include <charconv>
#include <deque>

#include "handler_threads.h"

namespace llm {

namespace {

constexpr const char* kStream = "x-stream";

// The messages of one answer, from the reading thread to the calling one.
class Inbox {
 public:
  void put(NatsMessage&& message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    changed_.notify_one();
  }
  bool take(NatsMessage& message, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [&] { return !messages_.empty(); })) return false;
    message = std::move(messages_.front());
    messages_.pop_front();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<NatsMessage> messages_;
};

class NatsPlane : public RequestPlane {
 public:
  NatsPlane(const std::string& host, std::uint16_t port) : nats_(host, port) {}

  ~NatsPlane() override { threads_.stop(); }

  bool wait_connected(std::chrono::milliseconds limit) { return nats_.wait_connected(limit); }

  void serve(const std::string& subject, Handler handler) override {
    nats_.subscribe(subject, "workers", [this, handler = std::move(handler)](NatsMessage&& message) {
      threads_.run([this, handler, message = std::move(message)] { answer(handler, message); });
    });
  }

  std::string call(const std::string& subject, const Request& request, const OnChunk& on_chunk,
                   std::chrono::milliseconds silence_max) override {
    const auto inbox = std::make_shared<Inbox>();
    const std::string reply = nats_.new_inbox();
    const std::uint64_t id =
        nats_.subscribe(reply, "", [inbox](NatsMessage&& message) { inbox->put(std::move(message)); });
    std::string error = "connection to NATS lost";
    if (nats_.publish(subject, reply, request.headers, request.body))
      error = receive(subject, *inbox, on_chunk, silence_max);
    nats_.unsubscribe(id);
    return error;
  }

  void publish(const std::string& subject, const std::string& body) override { nats_.publish(subject, "", {}, body); }

  void listen(const std::string& subject, std::function<void(std::string_view)> take) override {
    nats_.subscribe(subject, "", [take = std::move(take)](NatsMessage&& message) { take(message.payload); });
  }

 private:
  static std::string receive(const std::string& subject, Inbox& inbox, const OnChunk& on_chunk,
                             std::chrono::milliseconds silence_max) {
    NatsMessage message;
    while (inbox.take(message, silence_max)) {
      const std::string_view kind = header(message.headers, kStream);
      if (message.status == "503") return "nobody serves " + subject;
      if (kind == "end") return "";
      if (kind == "error") return message.payload.empty() ? "unknown error" : message.payload;
      if (!on_chunk(message.payload)) return "cancelled";
    }
    return "no answer of " + subject + " in time";
  }

  void answer(const Handler& handler, const NatsMessage& message) {
    const OnChunk send = [&](std::string_view chunk) {
      return nats_.publish(message.reply, "", {{kStream, "data"}}, chunk);
    };
    const std::string error = handler({message.payload, message.headers}, send);
    nats_.publish(message.reply, "", {{kStream, error.empty() ? "end" : "error"}}, error);
  }

  HandlerThreads threads_;
  NatsConnection nats_;
};

}  // namespace

std::unique_ptr<RequestPlane> connect_nats(const std::string& address, std::chrono::milliseconds limit) {
  const std::size_t colon = address.rfind(':');
  std::uint16_t port = 4222;
  if (colon != std::string::npos) std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  auto plane = std::make_unique<NatsPlane>(address.substr(0, colon), port);
  if (!plane->wait_connected(limit)) return nullptr;
  return plane;
}

}  // namespace llm
