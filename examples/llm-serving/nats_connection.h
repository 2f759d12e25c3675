// A connection to a NATS server: its text protocol as documented at docs.nats.io/reference/nats-protocol, of it what
// publishing, subscribing and headers need. A lost connection is made again and subscriptions are repeated.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "request_plane.h"

namespace llm {

struct NatsMessage {
  std::string subject;
  std::string reply;
  std::string status;  // of the header block: 503 stands for "nobody serves this subject"
  Headers headers;
  std::string payload;
};

class NatsConnection {
 public:
  using OnMessage = std::function<void(NatsMessage&& message)>;  // on the reading thread: must be quick

  NatsConnection(std::string host, std::uint16_t port);
  ~NatsConnection();
  NatsConnection(const NatsConnection&) = delete;
  NatsConnection& operator=(const NatsConnection&) = delete;

  bool wait_connected(std::chrono::milliseconds limit);
  std::uint64_t subscribe(const std::string& subject, const std::string& queue, OnMessage on_message);
  void unsubscribe(std::uint64_t id);
  // False: not connected; nothing was sent.
  bool publish(const std::string& subject, const std::string& reply, const Headers& headers, std::string_view payload);
  std::string new_inbox();

 private:
  struct Subscription {
    std::string subject, queue;
    OnMessage on_message;
  };

  void run();
  bool open();
  void close_socket();
  bool send_all(std::string_view bytes);  // with send_mutex_ held
  bool read_some();
  bool handle_input();
  bool handle_message(std::string_view line, bool with_headers, std::size_t line_bytes);
  void dispatch(std::uint64_t id, NatsMessage&& message);

  const std::string host_;
  const std::uint16_t port_;
  std::atomic<bool> stopping_{false};
  std::mutex send_mutex_;
  int socket_ = -1;  // guarded by send_mutex_ for writing
  std::mutex mutex_;
  std::condition_variable changed_;
  bool connected_ = false;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, std::shared_ptr<Subscription>> subscriptions_;
  std::string input_;
  std::string inbox_prefix_;
  std::thread reader_;  // last: it uses all of the above
};

}  // namespace llm
