// Proves: the catalogue can be registered as it stands, its bounds, and what the environment changes.
#include <gtest/gtest.h>

#include <cstdlib>

#include <trilobite/metric_names.h>

namespace trilobite::instruments::names {
namespace {

TEST(MetricNames, OfTheFrontendComeWithLabelsAndBounds) {
  const Registry registry;
  const auto requests = vector<IntCounter>(registry, frontend_prefix(), frontend::kRequests).or_log();
  requests.with({"llama", "chat_completions", "stream", "success", ""}).add();
  vector<Histogram>(registry, frontend_prefix(), frontend::kRequestDuration).or_log().with({"llama"}).observe(2);
  const std::string page = registry.expfmt().text;
  EXPECT_NE(page.find("dynamo_frontend_requests_total{endpoint=\"chat_completions\",error_type=\"\",model=\"llama\","
                      "request_type=\"stream\",status=\"success\"} 1\n"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("dynamo_frontend_request_duration_seconds_bucket{model=\"llama\",le=\"1.9\"} 0\n"
                      "dynamo_frontend_request_duration_seconds_bucket{model=\"llama\",le=\"3.4\"} 1\n"),
            std::string::npos)
      << page;
}

TEST(MetricNames, AllCanBeRegistered) {
  const Registry frontend_registry, router_registry, kvbm_registry;
  const Registry endpoint = Registry::runtime().child("n").child("c").child("e");
  for (const Standard* metric : {&frontend::kRequests,
                                 &frontend::kInflightRequests,
                                 &frontend::kQueuedRequests,
                                 &frontend::kDisconnectedClients,
                                 &frontend::kRequestDuration,
                                 &frontend::kInputTokens,
                                 &frontend::kOutputTokens,
                                 &frontend::kCachedTokens,
                                 &frontend::kOutputTokensTotal,
                                 &frontend::kTimeToFirstToken,
                                 &frontend::kInterTokenLatency,
                                 &frontend::kTokenizerLatency,
                                 &frontend::kModelTotalKvBlocks,
                                 &frontend::kModelMaxNumSeqs,
                                 &frontend::kModelMaxNumBatchedTokens,
                                 &frontend::kModelContextLength,
                                 &frontend::kModelKvCacheBlockSize,
                                 &frontend::kModelMigrationLimit,
                                 &frontend::kModelMigrations,
                                 &frontend::kWorkerActiveDecodeBlocks,
                                 &frontend::kWorkerActivePrefillTokens,
                                 &frontend::kWorkerLastTimeToFirstToken,
                                 &frontend::kWorkerLastInputTokens,
                                 &frontend::kWorkerLastInterTokenLatency})
    EXPECT_EQ(create(frontend_registry, frontend::kPrefix, *metric).error(), "") << metric->name;
  for (const Standard* metric :
       {&component::kRequests, &component::kInflightRequests, &component::kRequestDuration, &component::kRequestBytes,
        &component::kResponseBytes, &component::kErrors, &component::kUptime, &component::kTotalBlocks,
        &component::kGpuCacheUsage, &component::kModelLoadTime, &component::kKvCacheEventsApplied,
        &component::kTasksIssued, &component::kTasksStarted, &component::kTasksSucceeded, &component::kTasksCancelled,
        &component::kTasksFailed, &component::kTasksRejected})
    EXPECT_EQ(create(endpoint, "", *metric).error(), "") << metric->name;
  for (const Standard* metric :
       {&router::kRequests, &router::kTimeToFirstToken, &router::kInterTokenLatency, &router::kInputTokens,
        &router::kOutputTokens, &router::kKvHitRate, &router::kOverheadBlockHashing, &router::kOverheadFindMatches,
        &router::kOverheadSequenceHashing, &router::kOverheadScheduling, &router::kOverheadTotal})
    EXPECT_EQ(create(router_registry, router::kPrefix, *metric, {{"router_id", "7"}}).error(), "") << metric->name;
  for (const Standard* metric :
       {&kvbm::kOffloadDeviceToHost, &kvbm::kOffloadHostToDisk, &kvbm::kOffloadDeviceToDisk,
        &kvbm::kOffloadDeviceToObject, &kvbm::kOnboardHostToDevice, &kvbm::kOnboardDiskToDevice,
        &kvbm::kOnboardObjectToDevice, &kvbm::kMatchedTokens, &kvbm::kObjectReadFailures, &kvbm::kObjectWriteFailures,
        &kvbm::kHostCacheHitRate, &kvbm::kDiskCacheHitRate, &kvbm::kObjectCacheHitRate})
    EXPECT_EQ(create(kvbm_registry, kvbm::kPrefix, *metric).error(), "") << metric->name;
  EXPECT_NE(kvbm_registry.expfmt().text.find("\nkvbm_offload_blocks_h2d 0\n"), std::string::npos);
  EXPECT_NE(router_registry.expfmt().text.find("dynamo_router_overhead_total_ms_bucket{router_id=\"7\",le=\"0.0001\"}"),
            std::string::npos);
}

TEST(MetricNames, OfToolsAndOtherVersionsCanBeRegistered) {
  const Registry registry;
  const Registry component = Registry::runtime().child("n").child("c");
  for (const Standard* metric :
       {&planner::kPrefillWorkers, &planner::kDecodeWorkers, &planner::kObservedTimeToFirstToken,
        &planner::kObservedInterTokenLatency, &planner::kObservedRequestRate, &planner::kObservedRequestDuration,
        &planner::kObservedInputTokens, &planner::kObservedOutputTokens, &planner::kPrefillCorrection,
        &planner::kDecodeCorrection, &planner::kPredictedRequestRate, &planner::kPredictedInputTokens,
        &planner::kPredictedOutputTokens, &planner::kPredictedPrefillWorkers, &planner::kPredictedDecodeWorkers,
        &planner::kGpuHours})
    EXPECT_EQ(create(registry, planner::kPrefix, *metric).error(), "") << metric->name;
  for (const Standard* metric : {&kubernetes_operator::kReconcileDuration, &kubernetes_operator::kReconciles,
                                 &kubernetes_operator::kReconcileErrors, &kubernetes_operator::kWebhookDuration,
                                 &kubernetes_operator::kWebhookRequests, &kubernetes_operator::kWebhookDenials,
                                 &kubernetes_operator::kResources})
    EXPECT_EQ(create(registry, kubernetes_operator::kPrefix, *metric).error(), "") << metric->name;
  for (const Standard* metric :
       {&later_frontend::kActiveRequests, &later_frontend::kStageRequests, &later_frontend::kStageDuration,
        &later_frontend::kTokenizeDuration, &later_frontend::kTemplateDuration, &later_frontend::kDetokenizeTime,
        &later_frontend::kDetokenizedTokens, &later_frontend::kEventLoopDelay, &later_frontend::kEventLoopStalls,
        &later_frontend::kModelCancellations, &later_frontend::kModelRejections,
        &later_frontend::kModelMigrationTooLong, &later_frontend::kRouterQueue, &later_frontend::kKvTransferLatency})
    EXPECT_EQ(create(registry, frontend::kPrefix, *metric).error(), "") << metric->name;
  for (const Standard* metric : {&later_request_plane::kQueueDuration, &later_request_plane::kSendDuration,
                                 &later_request_plane::kRoundTrip, &later_request_plane::kInflightRequests})
    EXPECT_EQ(create(registry, later_request_plane::kPrefix, *metric).error(), "") << metric->name;
  for (const Standard* metric : {&later_work_handler::kNetworkTransit, &later_work_handler::kFirstResponse})
    EXPECT_EQ(create(registry, later_work_handler::kPrefix, *metric).error(), "") << metric->name;
  for (const Standard* metric :
       {&earlier_component::kActiveBlocks, &earlier_component::kTotalBlocks, &earlier_component::kGpuCacheUsage,
        &earlier_component::kGpuPrefixCacheHitRate, &earlier_component::kNatsClientInTotalBytes,
        &earlier_component::kNatsClientOutOverheadBytes, &earlier_component::kNatsClientInMessages,
        &earlier_component::kNatsClientOutMessages, &earlier_component::kNatsClientCurrentConnections,
        &earlier_component::kNatsClientConnectionState, &earlier_component::kNatsServiceProcessingMsAvg,
        &earlier_component::kNatsServiceProcessingMsTotal, &earlier_component::kNatsServiceErrorsTotal,
        &earlier_component::kNatsServiceRequestsTotal, &earlier_component::kNatsServiceActiveServices,
        &earlier_component::kNatsServiceActiveEndpoints})
    EXPECT_EQ(create(component, "", *metric).error(), "") << metric->name;
  const std::string page = registry.expfmt().text;
  EXPECT_NE(page.find("\nplanner:observed_ttft 0\n"), std::string::npos);
  EXPECT_NE(page.find("\ndynamo_request_plane_inflight_requests 0\n"), std::string::npos);
}

TEST(MetricNames, TheEnvironmentChangesBoundsAndPrefix) {
  EXPECT_EQ(tokenizer_latency_bounds().back(), 512);
  EXPECT_EQ(router_overhead_bounds().back(), 13.1072);
  EXPECT_EQ(hit_rate_bounds().size(), 21u);
  const std::vector<double> standard = bounds(kInterTokenLatencyScale);
  setenv("DYN_METRICS_ITL_COUNT", "1", 1);
  EXPECT_EQ(bounds(kInterTokenLatencyScale), std::vector<double>{0});
  setenv("DYN_HISTOGRAM_DYN_METRICS_ITL_COUNT", "2", 1);
  EXPECT_EQ(bounds(kInterTokenLatencyScale), (std::vector<double>{0, 2}));
  setenv("DYN_METRICS_ITL_MAX", "much", 1);
  EXPECT_EQ(bounds(kInterTokenLatencyScale), (std::vector<double>{0, 2})) << "no number counts as unset";
  setenv("DYN_METRICS_ITL_MAX", "0.0001", 1);
  EXPECT_EQ(bounds(kInterTokenLatencyScale), standard) << "below the minimum";
  for (const char* name : {"DYN_METRICS_ITL_COUNT", "DYN_HISTOGRAM_DYN_METRICS_ITL_COUNT", "DYN_METRICS_ITL_MAX"})
    unsetenv(name);

  EXPECT_EQ(frontend_prefix(), "dynamo_frontend");
  setenv("DYN_METRICS_PREFIX", "my-shop", 1);
  EXPECT_EQ(frontend_prefix(), "my_shop");
  setenv("DYN_METRICS_PREFIX", "@@", 1);
  EXPECT_EQ(frontend_prefix(), "dynamo_frontend");
  unsetenv("DYN_METRICS_PREFIX");
}

TEST(MetricNames, ErrorTypesFollowTheResponse) {
  struct Case {
    int status;
    std::string_view message, want;
  };
  constexpr Case kCases[] = {{400, "Validation: n", "validation"},
                             {400, "other", "internal"},
                             {404, "", "not_found"},
                             {501, "", "not_implemented"},
                             {429, "", "overload"},
                             {503, "", "overload"},
                             {500, "", "internal"},
                             {422, "", "validation"},
                             {502, "", "internal"}};
  for (const Case& c : kCases) EXPECT_EQ(error_type::of_response(c.status, c.message), c.want) << c.status;
}

}  // namespace
}  // namespace trilobite::instruments::names
