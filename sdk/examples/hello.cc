// The smallest program that logs. Build it with -DTRILOBITE_EXAMPLES=ON, then try
//   DYN_LOG=info,shop::pay=debug ./hello
//   DYN_LOGGING_JSONL=1 ./hello
#include <trilobite/log.h>
#include <trilobite/log_setup.h>

namespace log = trilobite::log;

namespace {
constexpr log::Target kPay{"shop::pay"};
}

int main() {
  log::init(log::Config::from_environment("info"));
  log::info("listening", log::kv("port", 8080), log::kv("tls", false));
  kPay.debug("card checked in {:.1f} ms", 1.25);
  kPay.warn("retrying order {}", "A-7", log::kv("attempt", 2), log::kv("reason", "timeout"));
}
