#include "scrape/scrape_service.h"

#include "agent/file_finder.h"
#include "agent/http_client.h"
#include "scrape/limits.h"
#include "scrape/log_target.h"

namespace trilobite::scrape {
namespace {

constexpr std::string_view kSuffix = ".yml";
constexpr std::string_view kSelf = "trilobite";  // the job that scrapes us

// "a/b" is a good name of a job and none of a file.
std::string file_name_of(const std::string& job) { return agent::url_escape(job) + std::string(kSuffix); }

// Whoever may add a job must not be able to have files of this machine sent somewhere as a token.
Result<void> refuse_files(const agent::yaml::Node& node) {
  const auto refused = [](std::string_view name) {
    return name.ends_with("_file") || name == "files" || name == "file_sd_configs" || name == "__unix_socket__";
  };
  for (const auto& [name, value] : node.map) {
    if (refused(name)) {
      return error(Code::kInvalid, "line {}: {}: a job that is put over the API cannot name files", value.line, name);
    }
    TRY_VOID(refuse_files(value));
  }
  for (const auto& item : node.list) TRY_VOID(refuse_files(item));
  if (refused(node.text) || node.text.starts_with("unix://")) {
    return error(Code::kInvalid, "line {}: a job that is put over the API cannot use \"{}\"", node.line, node.text);
  }
  return {};
}

}  // namespace

ScrapeService::ScrapeService(SampleSink& sink, FileSystem& files, const Clock& clock, ScrapeServiceOptions options)
    : files_(files), clock_(clock), options_(std::move(options)), scraper_(sink, clock, options_.scraper) {}

std::string ScrapeService::path_of(const std::string& name) const {
  return options_.directory + "/" + file_name_of(name);
}

// An entry of scrape_configs, in one line; empty: we are not scraped.
std::string ScrapeService::self_job() const {
  if (!options_.scrape_self || !options_.self_address) return {};
  // Both kinds of buckets of our histograms: classic ones for panels that ask for them.
  return fmt::format("{{job_name: {}, scrape_native_histograms: true, always_scrape_classic_histograms: true, "
                     "static_configs: [{{targets: [\"{}\"]}}]}}\n",
                     kSelf, options_.self_address());
}

Result<Config> ScrapeService::read_config() const {
  const std::string self = self_job();
  if (options_.config_file.empty()) {
    const std::string text = "global:\n  scrape_interval: 15s\n";
    return parse_config(self.empty() ? text : text + "scrape_configs:\n- " + self, {"", options_.environment});
  }
  auto text = files_.read_all(options_.config_file);
  if (!text.ok()) return std::move(text).error().within("cannot read {}", options_.config_file);
  auto config = parse_config(*text, {agent::parent_folder(options_.config_file), options_.environment});
  if (!config.ok()) return std::move(config).error().within("{}", options_.config_file);
  if (!self.empty() && config->find(kSelf) == nullptr) {
    TRY(job, parse_scrape_config(self, *config, {"", options_.environment}));
    config->scrape.push_back(std::move(job));
  }
  return config;
}

Result<ScrapeService::Jobs> ScrapeService::read_jobs() const {
  Jobs out;
  if (options_.directory.empty() || !files_.exists(options_.directory)) return out;
  TRY(listed, files_.list(options_.directory));
  for (const FileInfo& file : listed) {
    if (!file.name.ends_with(kSuffix)) continue;
    const std::string path = options_.directory + "/" + file.name;
    auto text = files_.read_all(path);
    auto root = text.ok() ? agent::yaml::parse(*text) : Result<agent::yaml::Node>(text.error());
    const auto* name = root.ok() ? root->find("job_name") : nullptr;
    if (name == nullptr) {
      kLog.warn("{} is no scrape configuration; it is left alone", path);
      continue;
    }
    out[name->text] = *text;
  }
  return out;
}

// REQUIRES: mutex_ is held.
void ScrapeService::apply(const Jobs& jobs, Config config) {
  const ConfigOptions here{options_.directory, options_.environment};
  for (const auto& [name, text] : jobs) {
    if (config.find(name) != nullptr) {
      kLog.warn("job {} of the API is not scraped: the configuration file has one of this name", name);
      continue;
    }
    auto job = parse_scrape_config(text, config, here);
    if (!job.ok()) {  // written by another version: it must not keep the rest from running
      kLog.warn("job {} of the API is not scraped: {}", name, job.error().message);
      continue;
    }
    config.scrape.push_back(std::move(*job));
  }
  scraper_.apply(std::make_shared<const Config>(std::move(config)));
}

Result<void> ScrapeService::reload() {
  const std::lock_guard lock(mutex_);
  const auto attempt = [&]() -> Result<void> {
    TRY(config, read_config());
    TRY(jobs, read_jobs());
    if (options_.accept) TRY_VOID(options_.accept(config));
    apply(jobs, std::move(config));
    jobs_ = std::move(jobs);
    return {};
  };
  auto outcome = attempt();
  last_reload_ok_ = outcome.ok();
  if (outcome.ok()) last_reload_ = clock_.now();
  return outcome;
}

void ScrapeService::stop() { scraper_.stop(); }

TimeNs ScrapeService::last_reload() const {
  const std::lock_guard lock(mutex_);
  return last_reload_;
}

bool ScrapeService::last_reload_ok() const {
  const std::lock_guard lock(mutex_);
  return last_reload_ok_;
}

std::vector<ScrapeJob> ScrapeService::jobs() const {
  std::vector<ScrapeJob> out;
  const std::lock_guard lock(mutex_);
  const auto config = scraper_.config();
  if (config == nullptr) return out;
  for (const auto& job : config->scrape) {
    out.push_back({job->job_name, job->written, jobs_.contains(job->job_name)});
  }
  return out;
}

Result<void> ScrapeService::put_job(const std::string& name, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (options_.directory.empty())
    return error(Code::kUnsupported, "there is no folder to keep scrape configurations in");
  if (text.size() > kJobBytesMax) {
    return error(Code::kLimit, "a job has at most {} bytes, this one has {}", kJobBytesMax, text.size());
  }
  if (file_name_of(name).size() > kFileNameBytesMax) {
    return error(Code::kInvalid, "the name of the job is too long: {} bytes", name.size());
  }
  if (jobs_.size() >= kJobsMax && !jobs_.contains(name)) {
    return error(Code::kLimit, "there are {} jobs of the API already, which is as many as may be put", jobs_.size());
  }
  TRY(config, read_config());
  if (config.find(name) != nullptr) {
    return error(Code::kExists, "job \"{}\" is in the configuration file and can be changed only there", name);
  }
  TRY(root, agent::yaml::parse(text));
  TRY_VOID(refuse_files(root));
  TRY(job, parse_scrape_config(text, config, {options_.directory, options_.environment}));
  if (job->job_name != name) {
    return error(Code::kInvalid, "job_name is \"{}\" but the request is about \"{}\"", job->job_name, name);
  }
  TRY_VOID(files_.make_directories(options_.directory));
  TRY_VOID(write_file_atomically(files_, path_of(name), text));
  Jobs jobs = jobs_;
  jobs[name] = text;
  apply(jobs, std::move(config));
  jobs_ = std::move(jobs);
  return {};
}

Result<void> ScrapeService::remove_job(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(name);
  if (found == jobs_.end()) return error(Code::kNotFound, "no job \"{}\" was put over the API", name);
  TRY(config, read_config());
  TRY_VOID(files_.remove(path_of(name)));
  TRY_VOID(files_.sync_directory(options_.directory));
  jobs_.erase(found);
  apply(jobs_, std::move(config));
  return {};
}

}  // namespace trilobite::scrape
