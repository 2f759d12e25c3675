// Proves: what a dump contains, what is kept back, and what happens when it cannot be made or written.
#include <gtest/gtest.h>

#include <fstream>

#include "config_dump_parts.h"
#include "temp_dir.h"

namespace trilobite {
namespace {

TEST(ConfigDump, TakesTheEnvironmentByPrefixAndHidesSecrets) {
  const std::vector<std::string> environment{"DYN_LOG=info",
                                             "PATH=/bin",
                                             "dyn_log=x",
                                             "HF_TOKEN=hf_secret",
                                             "EXTRA=1",
                                             "NOT_A_PAIR",
                                             "DYN_EMPTY=",
                                             "VLLM_Api_Key=k",
                                             "OTEL_SERVICE_NAME=s",
                                             "DYN_QUOTE=a\"=\xc3\xa9",
                                             "TOKENIZERS_PARALLELISM=true"};
  EXPECT_EQ(json_object(captured_environment(environment, {.names = {"EXTRA"}})),
            "{\"DYN_EMPTY\":\"\",\"DYN_LOG\":\"info\",\"DYN_QUOTE\":\"a\\\"=\xc3\xa9\",\"EXTRA\":\"1\","
            "\"HF_TOKEN\":\"<REDACTED>\",\"TOKENIZERS_PARALLELISM\":\"<REDACTED>\",\"VLLM_Api_Key\":\"<REDACTED>\"}");
  EXPECT_EQ(json_object(captured_environment(environment, {.prefixes = {"HF_"}, .include_sensitive = true})),
            R"({"HF_TOKEN":"hf_secret"})");
}

TEST(ConfigDump, ConfigIsSortedAndItsSecretsHidden) {
  EXPECT_EQ(canonical_json(R"( {"b" : [1, {"d":2,"c":"x"}], "a":{"api_key":"k","max_tokens":7,"tokenizer":"t",
      "auth":{"user":"u","n":[ "v", 1, null ]}}, "token_count": 5, "\u00e9":"\n"} )",
                           true),
            "{\"a\":{\"api_key\":\"<REDACTED>\",\"auth\":{\"n\":[\"<REDACTED>\",1,null],\"user\":\"<REDACTED>\"},"
            "\"max_tokens\":7,\"tokenizer\":\"t\"},\"b\":[1,{\"c\":\"x\",\"d\":2}],\"token_count\":5,"
            "\"\xc3\xa9\":\"\\n\"}");
  EXPECT_EQ(canonical_json(R"({"api_key":"k"})", false), R"({"api_key":"k"})");
  for (const std::string_view bad : {"", "{", "NaN", "{\"a\":NaN}", "[1,]", "{} {}"})
    EXPECT_EQ(canonical_json(bad, true), std::nullopt) << bad;
}

TEST(ConfigDump, ArgumentsLoseTheirSecrets) {
  using V = std::vector<std::string>;
  EXPECT_EQ(redacted_arguments({"prog", "--api-key", "k", "--hf-token=t=u", "--max-tokens", "7", "--auth", "--verbose",
                                "token", "last"}),
            (V{"prog", "--api-key", "<REDACTED>", "--hf-token=<REDACTED>", "--max-tokens", "7", "--auth", "--verbose",
               "token", "last"}));
  EXPECT_EQ(redacted_arguments({"--password"}), V{"--password"});
}

TEST(ConfigDump, ReadsWhatTheGpuToolWrites) {
  const std::string xml =
      "<?xml version=\"1.0\" ?>\n<nvidia_smi_log>\n<driver_version>550.1</driver_version>\n"
      "<gpu id=\"00000000:01:00.0\">\n<product_name>Model A &amp; B</product_name>"
      "<board_part_number>900</board_part_number><gpu_part_number>2330</gpu_part_number>"
      "<fb_memory_usage><total>81559 MiB</total><used>1 MiB</used></fb_memory_usage></gpu>\n"
      "<gpu id=\"2\"><product_name>C</product_name></gpu></nvidia_smi_log>";
  EXPECT_EQ(gpu_info(xml),
            R"({"count":2,"gpus":[{"board_part_number":"900","driver_version":"550.1","gpu_part_number":"2330",)"
            R"("memory_total":"81559 MiB","name":"Model A & B"},{"board_part_number":"","driver_version":"550.1",)"
            R"("gpu_part_number":"","memory_total":"","name":"C"}]})");
  EXPECT_EQ(gpu_info(""), std::nullopt);
  EXPECT_NE(gpu_info("<nvidia_smi_log><gpu "), std::nullopt);
}

TEST(ConfigDump, ToolsThatFailOrHangGiveNothing) {
  EXPECT_EQ(output_of({"/bin/echo", "hello"}, 60'000), "hello\n");
  EXPECT_EQ(output_of({"/bin/false"}, 60'000), std::nullopt);
  EXPECT_EQ(output_of({"/no/such/program"}, 60'000), std::nullopt);
  EXPECT_EQ(output_of({"/bin/sleep", "1000"}, 1), std::nullopt);
}

TEST(ConfigDump, IsOneLineWithAllKeys) {
  const std::string dump =
      config_dump({.version = "1.2", .config = R"({"z":1,"a":2})", .extras = {{"vllm_version", "\"0.9\""}}});
  EXPECT_EQ(dump.find('\n'), std::string::npos);
  EXPECT_EQ(canonical_json(dump, false), dump) << "it is JSON, and canonical";
  EXPECT_TRUE(dump.starts_with(R"({"config":{"a":2,"z":1},"dynamo_version":"1.2","environment":{)")) << dump;
  for (const char* key : {"\"gpu_info\":", "\"installed_packages\":{", "\"command_line_args\":[",
                          "\"hostname\":", "\"os_release\":", "\"vllm_version\":\"0.9\""})
    EXPECT_NE(dump.find(key), std::string::npos) << key;
  const std::string failed = config_dump({.config = "{"});
  EXPECT_TRUE(
      failed.starts_with(R"({"error":"Failed to collect config dump: config is not valid JSON","system_info":{)"))
      << failed;
}

TEST(ConfigDump, IsWrittenWithItsFolders) {
  const log::TempDir dir;
  const std::string path = dir.file("a/b/dump.json");
  write_config_dump(path, {.config = "{\"a\":1}"});
  write_config_dump(path, {.config = "{\"a\":2}"});
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(text.starts_with(R"({"config":{"a":2},)")) << text;
  EXPECT_TRUE(text.ends_with("}\n"));
  write_config_dump(dir.file("a/b"), {});  // a folder: logged instead
}

}  // namespace
}  // namespace trilobite
