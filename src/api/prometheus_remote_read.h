// POST /api/v1/read, Prometheus' remote read: samples in one answer, or chunks in frames.
#pragma once

#include "api/external_labels.h"
#include "api/http.h"
#include "storage/store.h"

namespace trilobite::api {

// All of them must outlive the router.
struct RemoteRead {
  Store& store;
  std::uint64_t samples_max = 50'000'000;        // of one request
  std::size_t frame_bytes_max = 1u << 20;        // of chunks
  std::size_t request_bytes_max = 32u << 20;
  bool multi_tenant = false;
  ExternalLabels external_labels = {};  // of series that lack them; what asks for them finds those
};
void add_remote_read_routes(http::Router& router, const RemoteRead& read);

}  // namespace trilobite::api
