#include <filesystem>

#include <gtest/gtest.h>

#include "config_source.h"
#include "filter.h"
#include "temp_dir.h"

namespace trilobite::log {
namespace {

// The level a target gets from a configuration.
Level level_of(const Config& config, std::string_view target) {
  Filter filter;
  EXPECT_TRUE(filter.add_all(config.module_filter).empty());
  EXPECT_TRUE(filter.add_all(config.filter).empty());
  return filter.level_for(target);
}

TEST(ConfigTest, BooleansAreTrueForFourWordsOnly) {
  struct Case {
    const char* text;
    bool want;
  };
  for (const auto& [text, want] : {Case{"1", true}, Case{"true", true}, Case{"TRUE", true}, Case{"On", true},
                                   Case{"yes", true}, Case{"YES", true}, Case{"", false}, Case{"0", false},
                                   Case{" true", false}, Case{"true ", false}, Case{"y", false}, Case{"no", false}}) {
    const ConfigSource source{.variables = {{"DYN_LOGGING_JSONL", text},
                                            {"DYN_LOG_USE_LOCAL_TZ", text},
                                            {"DYN_SDK_DISABLE_ANSI_LOGGING", text}},
                              .system_file = ""};
    const Config config = read_config(source, "info");
    EXPECT_EQ(config.outputs[0].format == LineFormat::kJsonl, want) << "`" << text << "`";
    EXPECT_EQ(config.outputs[0].color == Color::kNever, want) << "`" << text << "`";
    EXPECT_EQ(config.local_time_zone, want) << "`" << text << "`";
  }
}

TEST(ConfigTest, NoColorIsHonoured) {
  const ConfigSource source{.variables = {{"NO_COLOR", "1"}}, .system_file = ""};
  EXPECT_EQ(read_config(source, "info").outputs[0].color, Color::kNever);
}

TEST(ConfigTest, LevelsComeFromDefaultsThenFilesThenTheEnvironment) {
  const TempDir dir;
  const std::string system = dir.write("system.toml", R"(
log_level = "warn"
unknown = 1
[log_filters]
"shop::db" = "trace"
h2 = "info"
)");
  const std::string own = dir.write("own.toml", R"(
[log_filters]
"shop::db" = "debug"
)");
  struct Case {
    const char* name;
    std::string system, own, dyn_log, target;
    Level want;
  };
  const Case cases[] = {
      {"default level", "", "", "", "shop", Level::kInfo},
      {"built-in noise filter", "", "", "", "hyper_util::client", Level::kError},
      {"system file", system, "", "", "shop", Level::kWarn},
      {"system file over noise filter", system, "", "", "h2", Level::kInfo},
      {"own file over system file", system, own, "", "shop::db", Level::kDebug},
      {"tables are merged", system, own, "", "h2", Level::kInfo},
      {"own file keeps the system file's level", system, own, "", "shop", Level::kWarn},
      {"a missing file is skipped", dir.file("none.toml"), dir.file("none2.toml"), "", "shop", Level::kInfo},
      {"DYN_LOG replaces log_level", system, "", "shop::cart=debug", "shop", Level::kOff},
      {"DYN_LOG leaves module filters", "", "", "trace", "tower", Level::kError},
      {"DYN_LOG over a noise filter", "", "", "h2=trace", "h2", Level::kTrace},
      {"DYN_LOG over a file's filter", system, "", "shop::db=error", "shop::db", Level::kError},
      {"requests keep their spans", "", "", "warn", "request_span", Level::kTrace},
      {"DYN_LOG over the spans of requests", "", "", "request_span=off", "request_span", Level::kOff},
      {"spaces around commas", "", "", "warn , shop=debug", "shop", Level::kDebug},
      {"only invalid pieces count as none", system, "", "shop=loud", "shop", Level::kWarn},
  };
  for (const Case& c : cases) {
    const ConfigSource source{.variables = {{"DYN_LOG", c.dyn_log}, {"DYN_LOGGING_CONFIG_PATH", c.own}},
                              .system_file = c.system};
    const Config config = read_config(source, "info");
    EXPECT_EQ(config.error, "") << c.name;
    EXPECT_EQ(level_of(config, c.target), c.want) << c.name;
  }
}

TEST(ConfigTest, BadPiecesAreWarningsBadFilesAreErrors) {
  const TempDir dir;
  struct Case {
    const char* name;
    std::string file, dyn_log;
    std::string_view warning, error;  // parts of them
  };
  const Case cases[] = {
      {"bad directive", "", "info,a=loud", "ignoring `a=loud`: no such level", ""},
      {"bad module filter", "[log_filters]\nshop = \"loud\"\n", "",
       "Failed parsing filter 'loud' for module 'shop': no such level", ""},
      {"malformed", "log_level = \n", "", "", "bad.toml:1: "},
      {"level of a wrong type", "log_level = 3\n", "", "", "log_level must be a string"},
      {"filters of a wrong type", "log_filters = \"x\"\n", "", "", "log_filters must be a table"},
      {"filter of a wrong type", "[log_filters]\nshop = 3\n", "", "", "log_filters.shop must be a string"},
      {"unparsable level", "log_level = \"a=loud\"\n", "", "", "cannot parse log_level `a=loud`"},
  };
  for (const Case& c : cases) {
    const ConfigSource source{.variables = {{"DYN_LOG", c.dyn_log}}, .system_file = dir.write("bad.toml", c.file)};
    const Config config = read_config(source, "info");
    if (c.error.empty()) {
      EXPECT_EQ(config.error, "") << c.name;
    } else {
      EXPECT_NE(config.error.find(c.error), std::string::npos) << c.name << ": " << config.error;
    }
    if (c.warning.empty()) {
      EXPECT_TRUE(config.warnings.empty()) << c.name;
    } else {
      ASSERT_EQ(config.warnings.size(), 1u) << c.name;
      EXPECT_TRUE(config.warnings[0].starts_with(c.warning)) << c.name << ": " << config.warnings[0];
    }
  }
}

TEST(ConfigTest, OutputsComeFromTheEnvironmentThenTheFile) {
  const TempDir dir;
  const std::string file = dir.write("logging.toml", R"(
[[log_outputs]]
to = "stderr"
format = "readable"
color = "always"
[[log_outputs]]
to = "/var/log/shop.log"
bytes = "100M"
lines = 5
interval = 3600
keep = 7
gzip = true
)");
  ConfigSource source{.variables = {{"DYN_LOGGING_CONFIG_PATH", file}, {"DYN_LOGGING_JSONL", "1"}}, .system_file = ""};
  Config config = read_config(source, "info");
  ASSERT_EQ(config.error, "");
  ASSERT_EQ(config.outputs.size(), 2u);
  EXPECT_EQ(config.outputs[0].destination, Output::Destination::kStandardError);
  EXPECT_EQ(config.outputs[0].format, LineFormat::kReadable);
  EXPECT_EQ(config.outputs[0].color, Color::kAlways);
  EXPECT_EQ(config.outputs[1].path, "/var/log/shop.log");
  EXPECT_EQ(config.outputs[1].format, LineFormat::kJsonl);
  const Rotation& rotation = config.outputs[1].rotation;
  EXPECT_EQ(rotation.bytes_max, 100u << 20);
  EXPECT_EQ(rotation.lines_max, 5u);
  EXPECT_EQ(rotation.interval_s, 3'600);
  EXPECT_EQ(rotation.files_max, 7);
  EXPECT_TRUE(rotation.gzip);

  source.variables["NO_COLOR"] = "1";
  EXPECT_EQ(read_config(source, "info").outputs[0].color, Color::kNever);
  source.variables["TRILOBITE_LOG_OUTPUT"] = "stdout";
  config = read_config(source, "info");
  ASSERT_EQ(config.outputs.size(), 1u);
  EXPECT_EQ(config.outputs[0].destination, Output::Destination::kStandardOutput);
  EXPECT_EQ(config.outputs[0].format, LineFormat::kJsonl);

  // A file's outputs replace those of the file below it; the short form is that of the environment.
  const std::string system = dir.write("system.toml", "log_outputs = \"syslog,/tmp/a.log?keep=2\"\n");
  source = {.variables = {}, .system_file = system};
  config = read_config(source, "info");
  ASSERT_EQ(config.outputs.size(), 2u);
  EXPECT_EQ(config.outputs[1].rotation.files_max, 2);
  source.variables["DYN_LOGGING_CONFIG_PATH"] = file;
  EXPECT_EQ(read_config(source, "info").outputs[1].path, "/var/log/shop.log");
}

TEST(ConfigTest, BadOutputsAreNamedWithFileLineAndKey) {
  const TempDir dir;
  struct Case {
    std::string file;
    std::string_view error;
  };
  const Case cases[] = {
      {"log_outputs = 3\n", ":1: log_outputs must be a string"},
      {"log_outputs = []\n", ":1: log_outputs must be a string"},
      {"\nlog_outputs = [\"stderr\"]\n", ":2: log_outputs must consist of tables"},
      {"log_outputs = \"stdrr\"\n", ":1: log_outputs: `stdrr` is no log output"},
      {"[[log_outputs]]\nformat = \"jsonl\"\n", ":1: an output in log_outputs needs the key `to`"},
      {"[[log_outputs]]\nto = 1\n", ":2: log_outputs.to must be a string"},
      {"[[log_outputs]]\nto = \"stderr\"\nformat = \"xml\"\n", ":3: log_outputs.format must be \"readable\" or"},
      {"[[log_outputs]]\nto = \"stderr\"\ncolor = true\n", ":3: log_outputs.color must be a string"},
      {"[[log_outputs]]\nto = \"stderr\"\ncolor = \"red\"\n", ":3: log_outputs.color must be \"auto\""},
      {"[[log_outputs]]\nto = \"stderr\"\nkeep = 3\n", ":3: log_outputs.keep is for files only"},
      {"[[log_outputs]]\nto = \"/a\"\nkeep = 0\n", ":3: log_outputs.keep must be a whole number above 0, not `0`"},
      {"[[log_outputs]]\nto = \"/a\"\nbytes = \"many\"\n", ":3: log_outputs.bytes must be a size such as \"100M\","},
      {"[[log_outputs]]\nto = \"/a\"\ninterval = [1]\n", ":3: log_outputs.interval must be a time"},
      {"[[log_outputs]]\nto = \"/a\"\ngzip = 1\n", ":3: log_outputs.gzip must be true or false"},
      {"[[log_outputs]]\nto = \"/a\"\nrotate = 1\n", ":3: log_outputs.rotate is unknown"},
      {"\n\nlog_level = 1\n", ":3: log_level must be a string"},
  };
  for (const Case& c : cases) {
    const std::string path = dir.write("bad.toml", c.file);
    const Config config = read_config({.variables = {}, .system_file = path}, "info");
    EXPECT_TRUE(config.error.starts_with(path + std::string(c.error))) << c.file << config.error;
  }
}

TEST(ConfigTest, ARelativePathIsLookedForUpwards) {
  const TempDir dir;
  dir.write("up.toml", "log_level = \"debug\"\n");
  const auto before = std::filesystem::current_path();
  std::filesystem::create_directories(dir.file("a/b"));
  std::filesystem::current_path(dir.file("a/b"));
  const ConfigSource source{.variables = {{"DYN_LOGGING_CONFIG_PATH", "up.toml"}}, .system_file = ""};
  const Config config = read_config(source, "info");
  std::filesystem::current_path(before);
  EXPECT_EQ(level_of(config, "shop"), Level::kDebug);
}

}  // namespace
}  // namespace trilobite::log
