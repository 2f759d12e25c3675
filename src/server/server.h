// Everything of `trilobite server` put together: store, write path, APIs, UI, built-in agent, HTTP.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file_system.h"
#include "server/config.h"

namespace trilobite::server {

enum class StartFault : std::uint8_t { kNone, kData, kAddress, kOther };

class Server {
 public:
  // Opens the data folder and listens. `fault` says which part failed.
  static Result<std::unique_ptr<Server>> start(Config config, World world, StartFault& fault);
  ~Server();  // as stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string address() const;       // host:port as bound
  std::string graphite_address() const;  // of metrics.graphite_listen; "" without one
  std::string otlp_address() const;  // of otlp_http_listen; "" without one

  // The limits of `config`, of all tenants, are in force from now on. The rest of it is not looked at.
  void set_limits(const Config& config);

  // Reads Prometheus' configuration file again; on an error everything stays as it was.
  Result<void> reload_scraping();

  // Finishes requests under way, flushes, closes the store. Idempotent. The error is of the last flush.
  Result<void> stop();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace trilobite::server
