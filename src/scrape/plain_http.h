// Requests over HTTP/1.1 without TLS or proxy, which most scrapes are: a request costs its system calls and little
// else. Names are looked up by libcurl, which makes the first request to each; what it found is used for a minute.
// Whatever is out of the ordinary is not done here but said, and the caller asks again with libcurl, which has the
// words for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "scrape/http_transfer.h"
#include "scrape/plain_answer.h"

namespace trilobite::scrape {

enum class PlainEnd : std::uint8_t {
  kDone,
  kTooLarge,    // the body exceeds its limit
  kOverBudget,  // all bodies together do
  kTimeout,
  kNoConnection,  // none was made, or it broke before an answer came
  kNotPlain,      // the answer is not understood here
};

struct PlainConnection;

// A request and its answer.
class PlainExchange {
 public:
  ~PlainExchange() { release(); }
  PlainEnd how() const { return how_; }
  const PlainAnswer& answer() const { return answer_; }
  // Forgets the answer, which then no longer counts against the budget. Any thread, when the exchange has ended.
  void release();

 private:
  friend class PlainHttp;
  PlainEnd how_ = PlainEnd::kDone;
  PlainAnswer answer_;
  std::string address_, request_;
  std::size_t sent_ = 0;
  std::chrono::nanoseconds deadline_{0};  // steady
  BodyBudget* budget_ = nullptr;
  std::uint64_t reserved_ = 0;
  PlainConnection* connection_ = nullptr;  // while it is under way
  std::size_t place_ = 0;                  // among those under way
};

// One thread, but for wake().
class PlainHttp {
 public:
  explicit PlainHttp(BodyBudget* budget);  // which must outlive the exchanges
  ~PlainHttp();
  PlainHttp(const PlainHttp&) = delete;
  PlainHttp& operator=(const PlainHttp&) = delete;

  // Whether this request is one of ours. `proxy_in_environment`: the environment names one.
  static bool can(const HttpTransferRequest& request, const HttpConfig& config, bool proxy_in_environment);

  // Null: no connection could be begun, or the name is not known. REQUIRES: can().
  std::unique_ptr<PlainExchange> start(const HttpTransferRequest& request, const HttpConfig& config,
                                       std::chrono::nanoseconds steady);
  // Moves bytes until something ended, `wait_ms` passed or wake() was called. What ended is given back to the caller's
  // hands: it is in `ended`, and no longer under way.
  void move(int wait_ms, std::vector<PlainExchange*>& ended);
  // Ends what is beyond its deadline.
  void expire(std::chrono::nanoseconds steady, std::vector<PlainExchange*>& ended);
  // Where libcurl found the host of this URL.
  void remember(const HttpTransferRequest& request, const std::string& ip, std::chrono::nanoseconds steady);
  // For the next request.
  void keep(std::unique_ptr<PlainExchange> exchange);

  std::size_t under_way() const { return under_way_.size(); }
  std::chrono::nanoseconds next_deadline() const { return next_deadline_; }  // or earlier; max(): none

  void wake();
  int descriptor() const { return poller_; }  // readable when move() has something to do

 private:
  struct Known {
    std::string address;  // in numbers
    std::chrono::nanoseconds until{0};
  };
  PlainConnection* connect(const std::string& address, std::chrono::nanoseconds steady);
  void close(PlainConnection* connection);
  void serve(PlainConnection& connection, std::uint32_t events, std::vector<PlainExchange*>& ended);
  bool send(PlainConnection& connection);
  bool receive(PlainConnection& connection, PlainEnd& how);
  void end(PlainExchange& exchange, PlainEnd how, std::vector<PlainExchange*>& ended);

  BodyBudget* const budget_;
  int poller_ = -1, waker_ = -1;
  std::unordered_map<PlainConnection*, std::unique_ptr<PlainConnection>> connections_;
  std::unordered_map<std::string, std::vector<PlainConnection*>> idle_;  // by address
  std::unordered_map<std::string, Known> known_;                         // by name and port
  std::vector<PlainExchange*> under_way_;
  std::vector<std::unique_ptr<PlainExchange>> kept_;
  std::chrono::nanoseconds next_deadline_ = std::chrono::nanoseconds::max();
};

}  // namespace trilobite::scrape
