// A query that meets a damaged part: it fails by name, or is answered without it, and answers say what they lack.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/loki_api.h"
#include "base/simulated_file_system.h"
#include "storage/embedded_store.h"

namespace trilobite::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr TimeNs kStart = 1'768'435'200 * kNsPerSecond;

class LokiDamage : public testing::TestWithParam<bool> {
 protected:
  LokiDamage() : pool_("query", 2), clock_(kStart + 3600 * kNsPerSecond) {
    options_.directory = "data";
    options_.background = false;
    open();
    append("old line", kStart);
    EXPECT_TRUE(store_->flush().ok());
    append("new line", kStart + kNsPerSecond);
    EXPECT_TRUE(store_->flush().ok());
    store_.reset();
    const std::string folder = "data/parts/" + std::string("fake") + "/logs/2026-01-15";
    const auto parts = files_.list(folder);
    EXPECT_EQ(parts->size(), 2u);
    path_ = folder + "/" + (*parts)[0].name;
    files_.corrupt(path_, 12, 1);  // a page that a start does not look at
    open();
    LokiApi api{*store_, pool_, clock_, {}, false, false, {}};
    api.answer_despite_damage = GetParam();
    add_loki_read_routes(router_, api);
  }

  void open() { store_ = EmbeddedStore::open({files_, clock_}, options_).value(); }

  void append(std::string line, TimeNs time) {
    Batch batch;
    batch.label_sets.push_back(std::make_shared<LabelSet>(LabelSet::from_pairs({{"app", "a"}})));
    batch.label_set_of_row.push_back(0);
    batch.times.push_back(time);
    StringColumn lines;
    lines.push_back(line);
    batch.columns.push_back({std::string(kLineColumn), Column(std::move(lines))});
    EXPECT_TRUE(store_->append("fake", Signal::kLogs, batch, {}).ok());
  }

  http::Response ask(std::string query) {
    http::Request request;
    request.method = "GET";
    request.path = "/loki/api/v1/query_range";
    request.query = {{"query", std::move(query)},
                     {"start", std::to_string(kStart)},
                     {"end", std::to_string(kStart + 60 * kNsPerSecond)},
                     {"step", "60"}};
    http::Response response = router_.handle(request);
    if (response.stream) {
      response.stream([&](std::string_view piece) {
        response.body += piece;
        return true;
      });
    }
    return response;
  }

  SimulatedFileSystem files_;
  ThreadPool pool_;
  ManualClock clock_;
  StorageOptions options_;
  std::unique_ptr<EmbeddedStore> store_;
  std::string path_;
  http::Router router_;
};

TEST_P(LokiDamage, TheFirstAnswerAsConfiguredAndTheNextOnesWithAWarning) {
  for (const std::string query : {R"({app="a"})", R"(count_over_time({app="a"} |= "line" [2m]))"}) {
    const http::Response first = ask(query);
    if (GetParam() || query[0] != '{') {
      EXPECT_EQ(first.status, 200) << first.body;
    } else {
      EXPECT_EQ(first.status, 500);
      EXPECT_THAT(first.body, HasSubstr(path_));
    }
    const http::Response next = ask(query);
    EXPECT_EQ(next.status, 200) << next.body;
    EXPECT_THAT(next.body, HasSubstr(R"("status":"success","warnings":["up to 1 rows are missing from this answer)"));
    EXPECT_THAT(next.body, HasSubstr(path_));
    EXPECT_THAT(next.body, Not(HasSubstr("old line")));
  }
  EXPECT_THAT(ask(R"({app="a"})").body, HasSubstr("new line"));
}

INSTANTIATE_TEST_SUITE_P(All, LokiDamage, testing::Values(false, true),
                         [](const auto& info) { return info.param ? "AnswersWithoutIt" : "Fails"; });

}  // namespace
}  // namespace trilobite::api
