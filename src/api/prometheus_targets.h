// What Prometheus' API says of scraping: targets, their metadata, scrape pools; and, beyond it, scrape configurations
// that are changed over HTTP. docs/scrape.md describes the latter.
#pragma once

#include <string>

#include "api/http.h"
#include "api/prometheus_api.h"
#include "scrape/scrape_service.h"

namespace trilobite::api {

// Each gives the JSON of "data". Errors: kInvalid is bad_data, kNotFound is not_found.
Result<std::string> targets_data(const scrape::Scraper& scraper, const http::Request& request);
Result<std::string> targets_metadata_data(const scrape::Scraper& scraper, const http::Request& request);
Result<std::string> relabel_steps_data(const scrape::Scraper& scraper, const http::Request& request);
Result<std::string> scrape_pools_data(const scrape::Scraper& scraper, const http::Request& request);
Result<std::string> scrape_pool_config_data(const scrape::Scraper& scraper, const http::Request& request);

// The above for add_prometheus_routes. The scraper outlives the router.
ScrapeSource scrape_source(const scrape::Scraper& scraper);

struct ScrapeConfigApi {
  scrape::ScrapeService& service;  // outlives the router
  bool change = true;              // PUT and DELETE
};
// Beyond Prometheus: GET /api/v1/scrape_configs, PUT and DELETE /api/v1/scrape_configs/{job}.
void add_scrape_config_routes(http::Router& router, const ScrapeConfigApi& api);

}  // namespace trilobite::api
