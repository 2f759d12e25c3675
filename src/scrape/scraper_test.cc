// Scraping of real sockets: schedules, hostile targets, credentials, changes of configuration.
#include "scrape/scraper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/compress.h"
#include "scrape/scrape_service.h"
#include "scrape/test_support.h"

namespace trilobite::scrape {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemorySink;
using testing::TinyAnswer;
using testing::TinyRequest;
using testing::TinyServer;
using testing::wait_until;

std::shared_ptr<const Config> config_of(const std::string& text) {
  auto config = parse_config(text, {});
  EXPECT_TRUE(config.ok()) << config.error().message;
  return std::make_shared<const Config>(config.ok() ? std::move(*config) : Config());
}

std::string job_of(const TinyServer& server, const std::string& more = "", const std::string& interval = "50ms") {
  return fmt::format("{{job_name: j, scrape_interval: {}, static_configs: [{{targets: ['{}']}}]{}}}", interval,
                     server.address(), more.empty() ? "" : ", " + more);
}

TargetReport first_report(const Scraper& scraper) {
  const auto list = scraper.targets();
  return list.active.empty() ? TargetReport() : list.active[0].scrape->report();
}

class ScraperTest : public ::testing::Test {
 protected:
  bool reports(std::string_view text) {
    return wait_until([&] { return first_report(scraper_).last_error.find(text) != std::string::npos; });
  }
  bool is_up() {
    return wait_until([&] { return first_report(scraper_).health == TargetHealth::kUp; });
  }
  void apply(const std::string& jobs) { scraper_.apply(config_of("scrape_configs: [" + jobs + "]")); }

  MemorySink sink_;
  SystemClock clock_;
  Scraper scraper_{sink_, clock_, {.workers = 2, .server_identity = "test", .settle = std::chrono::milliseconds(1)}};
};

TEST_F(ScraperTest, ScrapesAgainAndAgainOverOneConnection) {
  std::atomic<int> count{0};
  TinyServer server([&](const TinyRequest& request) {
    EXPECT_EQ(request.path, "/metrics");
    EXPECT_TRUE(request.has("Accept: application/openmetrics-text")) << request.head;
    EXPECT_TRUE(request.has("X-Prometheus-Scrape-Timeout-Seconds: 0.05"));
    EXPECT_TRUE(request.has("Accept-Encoding: gzip"));
    return TinyAnswer{fmt::format("n {}\n", ++count)};
  });
  apply(job_of(server));
  ASSERT_TRUE(wait_until([&] { return sink_.lines_of("up{").size() >= 5; }));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(sink_.lines_of("n{").at(0), HasSubstr("job=\"j\"} 1 @"));
}

TEST_F(ScraperTest, ManyTargetsOnAFewThreads) {
  TinyServer server([&](const TinyRequest& request) { return TinyAnswer{"path{p=\"" + request.path + "\"} 1\n"}; });
  std::string groups;
  for (int i = 0; i < 300; ++i) {
    groups += fmt::format("{}{{targets: ['{}'], labels: {{__metrics_path__: /{}, n: '{}'}}}}", i ? ", " : "",
                          server.address(), i, i);
  }
  apply("{job_name: j, scrape_interval: 2s, static_configs: [" + groups + "]}");
  ASSERT_TRUE(wait_until([&] { return sink_.lines_of("path{").size() >= 300; }));
  EXPECT_EQ(scraper_.targets().active.size(), 300u);
  EXPECT_EQ(scraper_.stats().targets, 300u);
}

TEST_F(ScraperTest, AnEndlessBodyEndsAtTheLimit) {
  TinyServer server([](const TinyRequest&) {
    TinyAnswer answer;
    answer.stream = [](const auto& send) {
      while (send("a_metric_that_never_ends{x=\"y\"} 1\n")) {
      }
    };
    return answer;
  });
  apply(job_of(server, "body_size_limit: 100KB, extra_scrape_metrics: true", "2s"));
  ASSERT_TRUE(reports("body size limit exceeded"));
  EXPECT_THAT(sink_.lines_of("scrape_body_size_bytes").at(0), HasSubstr(" -1 @"));
  EXPECT_TRUE(wait_until([&] { return scraper_.stats().body_bytes_in_memory == 0; }));
}

TEST_F(ScraperTest, AGzipBombEndsAtTheLimit) {
  // A hundred megabytes of one line in about a hundred kilobytes.
  std::string packed(1 << 20, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  const std::string line(1 << 20, '#');
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  for (int i = 0; i < 100; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(line.data()));
    stream.avail_in = static_cast<uInt>(line.size());
    ASSERT_EQ(deflate(&stream, i == 99 ? Z_FINISH : Z_NO_FLUSH), i == 99 ? Z_STREAM_END : Z_OK);
  }
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  TinyServer server([&](const TinyRequest&) {
    TinyAnswer answer{packed};
    answer.headers = "Content-Encoding: gzip\r\n";
    return answer;
  });
  apply(job_of(server, "body_size_limit: 1MB", "2s"));
  EXPECT_TRUE(reports("body size limit exceeded"));
}

TEST_F(ScraperTest, ASlowDripEndsWithTheTimeout) {
  TinyServer server([](const TinyRequest&) {
    TinyAnswer answer;
    answer.stream = [](const auto& send) {
      while (send("a")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    };
    return answer;
  });
  apply(job_of(server, "scrape_timeout: 100ms", "200ms"));
  EXPECT_TRUE(reports("context deadline exceeded"));
}

TEST_F(ScraperTest, WhatIsNotThereIsReported) {
  apply("{job_name: j, scrape_interval: 50ms, static_configs: [{targets: ['127.0.0.1:1']}]}");
  EXPECT_TRUE(reports("Get \"http://127.0.0.1:1/metrics\": "));
  EXPECT_THAT(sink_.lines_of("up{").at(0), HasSubstr("job=\"j\"} 0 @"));
}

TEST_F(ScraperTest, StatusesAndRedirects) {
  TinyServer server([](const TinyRequest& request) {
    if (request.path == "/metrics") {
      return TinyAnswer{"", "", "302 Found", "Location: /other\r\n", {}};
    }
    return TinyAnswer{"a 1\n", "text/plain", "200 OK", "", {}};
  });
  apply(job_of(server));
  EXPECT_TRUE(is_up());
  apply(job_of(server, "follow_redirects: false"));
  EXPECT_TRUE(reports("server returned HTTP status 302 Found"));
}

// By number over a socket of our own, by name with libcurl first: nobody can tell from what is stored.
TEST_F(ScraperTest, AddressesAndNamesChunksAndGzipAreAllTheSame) {
  const std::string packed = gzip_compress("packed 1\n");
  TinyServer server([&](const TinyRequest& request) {
    TinyAnswer answer{"whole 1\n"};
    if (request.path == "/gzip") answer = {packed, "text/plain", "200 OK", "Content-Encoding: gzip\r\n", {}};
    if (request.path == "/end") answer.stream = [](const auto& send) { send("end 1\n"); };
    if (request.path == "/chunks") {
      answer.headers = "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n";
      answer.stream = [&](const auto& send) {
        for (const char c : packed) send(fmt::format("1\r\n{}\r\n", c));
        send("0\r\n\r\n");
      };
    }
    return answer;
  });
  const std::string port = server.address().substr(server.address().find(':'));
  std::string jobs;
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    for (const std::string path : {"whole", "gzip", "end", "chunks"}) {
      jobs += fmt::format(
          "{{job_name: {0}{1}, metrics_path: /{1}, scrape_interval: 50ms, static_configs: [{{targets: "
          "['{0}{2}']}}]}}, ",
          host, path, port);
    }
  }
  apply(jobs);
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    for (const std::string path : {"whole", "gzip", "end", "chunks"}) {
      const std::string name = path == "gzip" || path == "chunks" ? "packed" : path;
      const std::string wanted = fmt::format("{}{{instance=\"{}{}\", job=\"{}{}\"}} 1 @", name, host, port, host, path);
      EXPECT_TRUE(wait_until([&] { return sink_.lines_of(wanted).size() >= 3; })) << wanted;
    }
  }
}

TEST_F(ScraperTest, WhatIsNoAnswerIsToldInLibcurlsWords) {
  std::atomic<int> asked{0};
  TinyServer server([&](const TinyRequest&) {
    ++asked;
    return TinyAnswer{"", "text/plain", "100 Continue", "", [](const auto& send) { send("HTTP/9 no\r\n\r\n"); }};
  });
  apply(job_of(server));
  EXPECT_TRUE(reports("Get \"" + server.url() + "/metrics\": "));
  EXPECT_TRUE(wait_until([&] { return scraper_.stats().scrapes >= 5; }));
  EXPECT_LE(asked, static_cast<int>(scraper_.stats().scrapes) + 2) << "asked twice once, then as it needs to be";
}

TEST_F(ScraperTest, CredentialsAndHeadersAreSentAndFilesAreReadAgain) {
  testing::TempFolder folder;
  testing::overwrite(folder / "token", "first\n");
  std::mutex mutex;
  std::vector<std::string> seen;
  TinyServer server([&](const TinyRequest& request) {
    const std::lock_guard lock(mutex);
    seen.push_back(request.head);
    return TinyAnswer{"a 1\n"};
  });
  const auto sent = [&](std::string_view text) {
    return wait_until([&] {
      const std::lock_guard lock(mutex);
      return !seen.empty() && seen.back().find(text) != std::string::npos;
    });
  };
  apply(job_of(server, "authorization: {credentials_file: '" + folder / "token" +
                           "'}, http_headers: {X-Team: {values: [red, blue]}}"));
  EXPECT_TRUE(sent("Authorization: Bearer first\r\n"));
  EXPECT_TRUE(sent("X-Team: red\r\nX-Team: blue\r\n"));
  testing::overwrite(folder / "token", "second\n");
  EXPECT_TRUE(sent("Authorization: Bearer second\r\n"));
  apply(job_of(server, "basic_auth: {username: user, password: pass}"));
  EXPECT_TRUE(sent("Authorization: Basic dXNlcjpwYXNz\r\n"));
  apply(job_of(server, "authorization: {credentials_file: /nowhere/at/all}"));
  EXPECT_TRUE(reports("cannot read /nowhere/at/all"));
}

TEST_F(ScraperTest, OAuth2FetchesATokenAndAnotherWhenItIsRefused) {
  std::atomic<int> tokens{0};
  TinyServer server([&](const TinyRequest& request) {
    if (request.path == "/token") {
      EXPECT_TRUE(request.has("Authorization: Basic aWQ6c2VjcmV0")) << request.head;
      EXPECT_EQ(request.body, "grant_type=client_credentials&scope=a%20b");
      return TinyAnswer{fmt::format(R"({{"access_token":"t{}","expires_in":3600}})", ++tokens), "application/json"};
    }
    if (request.has("Bearer t2")) return TinyAnswer{"a 1\n"};
    return TinyAnswer{"", "text/plain", "401 Unauthorized", "", {}};
  });
  apply(job_of(server,
               fmt::format("oauth2: {{client_id: id, client_secret: secret, scopes: [a, b], token_url: '{}/token'}}",
                           server.url()),
               "200ms"));
  EXPECT_TRUE(is_up());
  EXPECT_EQ(tokens, 2);
}

TEST_F(ScraperTest, AChangeOfConfigurationLeavesTheRestAlone) {
  std::atomic<int> a{0}, b{0};
  TinyServer one([&](const TinyRequest&) { return ++a, TinyAnswer{"a 1\n"}; });
  TinyServer two([&](const TinyRequest&) { return ++b, TinyAnswer{"b 1\n"}; });
  const std::string first = job_of(one);
  const auto second = [&](const std::string& extra) {
    return fmt::format("{{job_name: k, scrape_interval: 50ms, static_configs: [{{targets: ['{}']}}]{}}}", two.address(),
                       extra);
  };
  apply(first + ", " + second(""));
  ASSERT_TRUE(wait_until([&] { return a > 0 && b > 0; }));
  const auto same = scraper_.targets().active.at(0).scrape;
  apply(first + ", " + second(", metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: b}]"));
  EXPECT_EQ(scraper_.targets().active.at(0).scrape, same);
  EXPECT_TRUE(wait_until(
      [&] { return !sink_.lines_of("b{").empty() && sink_.lines_of("b{").back().find("stale") != std::string::npos; }));
  apply(first);
  EXPECT_EQ(scraper_.targets().active.size(), 1u);
  // Two intervals later its series are marked stale.
  EXPECT_TRUE(wait_until([&] {
    for (const std::string& line : sink_.lines_of("up{")) {
      if (line.find("job=\"k\"") != std::string::npos && line.find("stale") != std::string::npos) return true;
    }
    return false;
  }));
}

TEST_F(ScraperTest, TooManyTargetsFailAllOfThem) {
  std::atomic<int> asked{0};
  TinyServer server([&](const TinyRequest&) { return ++asked, TinyAnswer{"a 1\n"}; });
  apply(
      fmt::format("{{job_name: j, target_limit: 1, scrape_interval: 50ms, static_configs: [{{targets: ['{0}'], labels: "
                  "{{a: '1'}}}}, "
                  "{{targets: ['{0}'], labels: {{a: '2'}}}}]}}",
                  server.address()));
  EXPECT_TRUE(reports("target_limit exceeded (number of targets: 2, limit: 1)"));
  EXPECT_EQ(asked, 0);
}

TEST_F(ScraperTest, StopMarksNothing) {
  TinyServer server([&](const TinyRequest&) { return TinyAnswer{"a 1\n"}; });
  apply(job_of(server));
  ASSERT_TRUE(is_up());
  scraper_.stop();
  for (const std::string& line : sink_.lines()) EXPECT_EQ(line.find("stale"), std::string::npos);
}

TEST(FirstDue, IsOnAGridOfTheTargetsOwnAndTheSameAfterARestart) {
  constexpr std::int64_t kInterval = 15 * kNsPerSecond;
  std::set<std::int64_t> offsets;
  for (std::uint64_t hash = 0; hash < 1000; ++hash) {
    const TimeNs now = 1'700'000'000 * kNsPerSecond + 123;
    const TimeNs due = first_due(now, std::chrono::seconds(15), hash, 7);
    EXPECT_GE(due, now);
    EXPECT_LT(due, now + kInterval);
    EXPECT_EQ(due % 100'000'000, 0) << "steps, so that targets share a wake-up";
    EXPECT_EQ(first_due(now, std::chrono::milliseconds(50), hash, 7) % 1'000'000, 0) << "whole milliseconds";
    EXPECT_EQ(first_due(now + 5 * kInterval, std::chrono::seconds(15), hash, 7), due + 5 * kInterval);
    offsets.insert(due % kInterval / kNsPerSecond);
  }
  EXPECT_EQ(offsets.size(), 15u) << "spread over the whole interval";
  EXPECT_EQ(first_due(first_due(5, std::chrono::seconds(15), 3, 0), std::chrono::seconds(15), 3, 0),
            first_due(5, std::chrono::seconds(15), 3, 0));
}

TEST(ScrapeService, ABadFileLeavesEverythingAsItWas) {
  testing::TempFolder folder;
  const auto files = make_real_file_system();
  const SystemClock clock;
  MemorySink sink;
  testing::overwrite(folder / "prometheus.yml", "scrape_configs: [{job_name: a}]");
  ScrapeServiceOptions options;
  options.config_file = folder / "prometheus.yml";
  options.directory = folder / "jobs";
  ScrapeService service(sink, *files, clock, options);
  ASSERT_TRUE(service.reload().ok());
  EXPECT_EQ(service.jobs().size(), 1u);
  testing::overwrite(folder / "prometheus.yml", "scrape_configs: [{job_name: a}, {jobname: b}]");
  const auto failed = service.reload();
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().message, HasSubstr("prometheus.yml: line 1: scrape_configs[1].jobname: unknown name"));
  EXPECT_EQ(service.jobs().size(), 1u);
  EXPECT_FALSE(service.last_reload_ok());
  testing::overwrite(folder / "prometheus.yml", "scrape_configs: [{job_name: a}, {job_name: b}]");
  ASSERT_TRUE(service.reload().ok());
  EXPECT_EQ(service.jobs().size(), 2u);
}

TEST(ScrapeService, JobsOfTheApiAreKept) {
  testing::TempFolder folder;
  const auto files = make_real_file_system();
  const SystemClock clock;
  MemorySink sink;
  testing::overwrite(folder / "prometheus.yml", "global: {scrape_interval: 7s}\nscrape_configs: [{job_name: a}]");
  ScrapeServiceOptions options;
  options.config_file = folder / "prometheus.yml";
  options.directory = folder / "jobs";
  {
    ScrapeService service(sink, *files, clock, options);
    ASSERT_TRUE(service.reload().ok());
    EXPECT_EQ(service.put_job("a", "job_name: a").error().code, Code::kExists);
    EXPECT_EQ(service.put_job("x", "job_name: y").error().code, Code::kInvalid);
    EXPECT_EQ(service.put_job("x", "job_name: x\nnope: 1").error().code, Code::kInvalid);
    for (const char* text :
         {"job_name: x\nbearer_token_file: /etc/shadow", "job_name: x\nfile_sd_configs: [{files: [/a.json]}]",
          "job_name: x\nhttp_headers: {A: {files: [/etc/shadow]}}",
          "job_name: x\ndocker_sd_configs: [{host: 'unix:///s'}]",
          "job_name: x\nrelabel_configs: [{target_label: __unix_socket__, replacement: /s}]"}) {
      EXPECT_EQ(service.put_job("x", text).error().code, Code::kInvalid) << text;
    }
    EXPECT_EQ(service.put_job("x", "job_name: x\n#" + std::string(1 << 20, '-')).error().code, Code::kLimit);
    const std::string long_name(252, 'x');
    EXPECT_EQ(service.put_job(long_name, "job_name: " + long_name).error().code, Code::kInvalid);
    ASSERT_TRUE(service.put_job("x/y", R"({"job_name": "x/y", "static_configs": [{"targets": ["h:1"]}]})").ok());
    ASSERT_TRUE(service.put_job("z", "job_name: z").ok());
    ASSERT_TRUE(service.remove_job("z").ok());
    EXPECT_EQ(service.remove_job("z").error().code, Code::kNotFound);
    EXPECT_EQ(service.remove_job("a").error().code, Code::kNotFound);
  }
  ScrapeService again(sink, *files, clock, options);
  ASSERT_TRUE(again.reload().ok());
  ASSERT_EQ(again.jobs().size(), 2u);
  EXPECT_TRUE(again.jobs()[1].over_api);
  EXPECT_EQ(again.scraper().config()->find("x/y")->interval, std::chrono::seconds(7));
}

TEST(ScrapeService, ScrapesItselfWithoutAFile) {
  const auto files = make_real_file_system();
  const SystemClock clock;
  MemorySink sink;
  TinyServer server([&](const TinyRequest&) { return TinyAnswer{"a 1\n"}; });
  ScrapeServiceOptions options;
  options.self_address = [&] { return server.address(); };
  ScrapeService service(sink, *files, clock, options);
  ASSERT_TRUE(service.reload().ok());
  ASSERT_EQ(service.scraper().targets().active.size(), 1u);
  EXPECT_EQ(service.scraper().targets().active[0].job, "trilobite");
}

TEST(ScrapeService, ScrapesItselfBesidesAFileUnlessThatHasTheJob) {
  const auto files = make_real_file_system();
  const SystemClock clock;
  MemorySink sink;
  testing::TempFolder folder;
  const auto targets_with = [&](const std::string& file, bool scrape_self) {
    testing::overwrite(folder / "prometheus.yml", file);
    ScrapeServiceOptions options;
    options.config_file = folder / "prometheus.yml";
    options.scrape_self = scrape_self;
    options.self_address = [] { return std::string("127.0.0.1:1"); };
    ScrapeService service(sink, *files, clock, options);
    EXPECT_TRUE(service.reload().ok());
    std::vector<std::string> urls;
    for (const auto& target : service.scraper().targets().active) {
      urls.push_back(target.job + " " + target.scrape->spec().url);
    }
    std::sort(urls.begin(), urls.end());
    return urls;
  };
  const std::string other = "scrape_configs:\n- job_name: a\n  static_configs: [{targets: [\"127.0.0.1:2\"]}]\n";
  const std::string own = "scrape_configs:\n- job_name: trilobite\n  static_configs: [{targets: [\"127.0.0.1:3\"]}]\n";
  EXPECT_EQ(targets_with(other, true),
            (std::vector<std::string>{"a http://127.0.0.1:2/metrics", "trilobite http://127.0.0.1:1/metrics"}));
  EXPECT_EQ(targets_with(own, true), (std::vector<std::string>{"trilobite http://127.0.0.1:3/metrics"}));
  EXPECT_EQ(targets_with(other, false), (std::vector<std::string>{"a http://127.0.0.1:2/metrics"}));
}

}  // namespace
}  // namespace trilobite::scrape
