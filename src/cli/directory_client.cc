// LokiClient on a data directory: the handlers of the API over a store that only reads.
#include <thread>

#include "api/loki_api.h"
#include "api/prometheus_api.h"
#include "cli/log_answer.h"
#include "cli/loki_client.h"
#include "storage/read_only_store.h"

namespace trilobite::cli {
namespace {

query::QueryLimits unlimited() {
  query::QueryLimits limits;
  limits.timeout = std::chrono::nanoseconds(0);
  limits.length_max = std::chrono::nanoseconds(0);
  limits.series_max = 100'000;
  limits.entries_max = 1'000'000;
  return limits;
}

class DirectoryClient final : public LokiClient {
 public:
  DirectoryClient(std::unique_ptr<FileSystem> files, std::unique_ptr<ReadOnlyStore> store, std::string org_id)
      : files_(std::move(files)),
        store_(std::move(store)),
        org_id_(std::move(org_id)),
        pool_("query", std::max(1u, std::thread::hardware_concurrency())) {
    api::add_loki_read_routes(router_, {.store = *store_,
                                        .query_pool = pool_,
                                        .clock = clock_,
                                        .limits = unlimited(),
                                        .multi_tenant = !org_id_.empty()});
    api::PrometheusApi prometheus{*store_, pool_, clock_};
    prometheus.multi_tenant = !org_id_.empty();
    prometheus.limits_of = [](std::string_view) { return unlimited(); };
    prometheus.options.language = {};
    api::add_prometheus_routes(router_, prometheus);
  }

  Result<std::string> get(const std::string& path, const http::Parameters& parameters) override {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.query = parameters;
    if (!org_id_.empty()) request.headers.emplace_back("x-scope-orgid", org_id_);
    http::Response response = router_.handle(request);
    if (response.stream) {
      response.stream([&response](std::string_view piece) {
        response.body += piece;
        return true;
      });
    }
    if (response.status / 100 == 2) return std::move(response.body);
    return error(response.status / 100 == 4 ? Code::kInvalid : Code::kUnavailable, "{}",
                 error_of_answer(std::move(response.body)));
  }

  Result<std::string> post(const std::string&, const http::Parameters&, const std::string&, std::string_view) override {
    return error(Code::kInvalid, "a data directory cannot be written to: start a server on it");
  }

  Error tail(const http::Parameters&, const std::function<Result<void>(std::string_view)>&) override {
    return error(Code::kInvalid, "a data directory cannot be tailed: no lines come while no server runs");
  }

 private:
  std::unique_ptr<FileSystem> files_;
  std::unique_ptr<ReadOnlyStore> store_;
  const std::string org_id_;
  SystemClock clock_;
  ThreadPool pool_;
  http::Router router_;
};

}  // namespace

Result<std::unique_ptr<LokiClient>> open_data_directory(const DirectoryOptions& options,
                                                        const std::function<void(const std::string&)>& warn) {
  std::unique_ptr<FileSystem> files = make_real_file_system();
  // The folder that --data names, or the store inside it.
  const std::string inner = options.directory + "/store";
  TRY(store, ReadOnlyStore::open(*files, files->exists(inner) ? inner : options.directory));
  for (const std::string& message : store->messages()) warn(message);
  return std::unique_ptr<LokiClient>(
      std::make_unique<DirectoryClient>(std::move(files), std::move(store), options.org_id));
}

}  // namespace trilobite::cli
