// GET /federate: the newest sample of each series that match[] selects, as a scrape target would show it.
#pragma once

#include <chrono>

#include "api/external_labels.h"
#include "api/http.h"
#include "base/clock.h"
#include "storage/store.h"

namespace trilobite::api {

// All of them must outlive the router.
struct Federate {
  Store& store;
  const Clock& clock;
  std::chrono::nanoseconds lookback = std::chrono::minutes(5);
  ExternalLabels external_labels = {};  // of series that lack them
  std::size_t series_max = 1'000'000;
  bool multi_tenant = false;
};
void add_federate_routes(http::Router& router, const Federate& federate);

}  // namespace trilobite::api
