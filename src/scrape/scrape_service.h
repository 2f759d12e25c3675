// Which configuration is in force: Prometheus' file, this process itself as a target, and the jobs that were put over
// the API, which are kept in the data folder. A new one is taken whole or not at all.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "scrape/scraper.h"

namespace trilobite::scrape {

struct ScrapeServiceOptions {
  std::string config_file;                    // Prometheus' YAML; "": none
  bool scrape_self = true;                    // as job trilobite, unless the file has one
  std::function<std::string()> self_address;  // host:port of our own /metrics; asked by reload()
  std::string directory;                      // for jobs put over the API
  std::map<std::string, std::string> environment;
  // Takes what the file says besides scraping, before anything of it is in force; an error refuses it whole.
  std::function<Result<void>(const Config&)> accept;
  ScraperOptions scraper;
};

struct ScrapeJob {
  std::string name, yaml;  // as it was written, without secrets
  bool over_api = false;
};

// Any thread.
class ScrapeService {
 public:
  ScrapeService(SampleSink& sink, FileSystem& files, const Clock& clock, ScrapeServiceOptions options);

  // Reads the file and starts or goes on. On an error everything stays as it was.
  Result<void> reload();
  void stop();

  std::vector<ScrapeJob> jobs() const;
  // One entry of scrape_configs as YAML or JSON. kInvalid: it is wrong, names another job, or files; kExists: the file
  // has a job of this name; kLimit: it is too long, or there are too many.
  Result<void> put_job(const std::string& name, std::string_view text);
  Result<void> remove_job(const std::string& name);  // kNotFound: none was put by this name

  Scraper& scraper() { return scraper_; }
  const Scraper& scraper() const { return scraper_; }
  TimeNs last_reload() const;
  bool last_reload_ok() const;

 private:
  using Jobs = std::map<std::string, std::string>;  // text by name
  Result<Config> read_config() const;
  std::string self_job() const;
  Result<Jobs> read_jobs() const;
  void apply(const Jobs& jobs, Config config);
  std::string path_of(const std::string& name) const;

  FileSystem& files_;
  const Clock& clock_;
  const ScrapeServiceOptions options_;
  Scraper scraper_;
  mutable std::mutex mutex_;  // guards the rest; one change at a time
  Jobs jobs_;                 // put over the API
  TimeNs last_reload_ = 0;
  bool last_reload_ok_ = false;
};

}  // namespace trilobite::scrape
