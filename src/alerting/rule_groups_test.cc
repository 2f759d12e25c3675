// Groups put over the API survive, replace each other by name, and cannot reach outside their folder; files of rules
// are taken whole or not at all.
#include "alerting/rule_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "alerting/limits.h"
#include "base/simulated_file_system.h"

namespace trilobite::alerting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string group(std::string_view name, std::string_view expr = "up") {
  return fmt::format("name: {}\nrules:\n- record: a\n  expr: {}  # why\n", name, expr);
}

std::vector<std::string> names(const RuleGroups& groups, std::string_view tenant = "t") {
  std::vector<std::string> out;
  for (const RuleGroupRef& each : groups.list(tenant)) out.push_back(each->name_space + "/" + each->group.name);
  return out;
}

RuleGroupsOptions in(std::string directory) {
  RuleGroupsOptions options;
  options.directory = std::move(directory);
  options.file_tenant = "t";
  return options;
}

TEST(RuleGroups, SurviveARestartAsTheyWerePut) {
  SimulatedFileSystem files;
  {
    RuleGroups groups(files, in("rules"));
    ASSERT_TRUE(groups.open().ok());
    for (const auto& [space, name] : {std::pair{"b", "z"}, {"b", "y"}, {"../..", "."}, {"a b", "%/"}}) {
      const auto done = groups.put("t", space, group("\"" + std::string(name) + "\""));
      ASSERT_TRUE(done.ok()) << done.error().message;
    }
    ASSERT_TRUE(groups.put("u", "b", group("y")).ok());
    ASSERT_TRUE(groups.put("t", "b", group("z", "sum(up)")).ok());
    ASSERT_TRUE(groups.remove("t", "b", "y").ok());
  }
  RuleGroups groups(files, in("rules"));
  ASSERT_TRUE(groups.open().ok());
  EXPECT_THAT(names(groups), ElementsAre("../../.", "a b/%/", "b/z"));
  EXPECT_THAT(names(groups, "u"), ElementsAre("b/y"));
  ASSERT_NE(groups.find("t", "b", "z"), nullptr);
  EXPECT_EQ(groups.find("t", "b", "z")->text, group("z", "sum(up)"));
  EXPECT_EQ(groups.find("t", "b", "z")->group.rules[0].expr, "sum(up)");
  EXPECT_EQ(groups.find("u", "b", "z"), nullptr);
  ASSERT_TRUE(groups.remove_namespace("t", "b").ok());
  EXPECT_THAT(names(groups), ElementsAre("../../.", "a b/%/"));
  EXPECT_EQ(groups.remove_namespace("t", "b").error().code, Code::kNotFound);
  // Nothing of it lies outside.
  const auto top = files.list(".");
  if (top.ok()) {
    for (const FileInfo& each : *top) EXPECT_EQ(each.name, "rules");
  }
}

TEST(RuleGroups, RefuseWhatIsWrongAndKeepWhatTheyHad) {
  SimulatedFileSystem files;
  RuleGroups groups(files, in("rules"));
  ASSERT_TRUE(groups.put("t", "n", group("a")).ok());
  const struct {
    std::string name_space, text, name;
    Code code;
    std::string_view want;
  } kCases[] = {
      {"n", group("a", "sum("), "", Code::kInvalid, "line 4: rules[0]: could not parse expression: 1:5: parse error"},
      {"n", "name: a\nrules:\n- {record: 'a{', expr: up}\n- {alert: b}\n", "", Code::kInvalid,
       "line 3: rules[0]: invalid recording rule name: a{; line 4: rules[1]: field 'expr' must be set in rule"},
      {"n", group("b"), "a", Code::kInvalid, "the group is named \"b\" but the request is about \"a\""},
      {"n", "rules: []", "", Code::kInvalid, "a group needs a name"},
      {"", group("a"), "", Code::kInvalid, "a namespace needs a name"},
      {"a\xff", group("a"), "", Code::kInvalid, "no UTF-8"},
      {std::string(300, 'n'), group("a"), "", Code::kInvalid, "too long"},
      {"n", group(std::string(90, '.')), "", Code::kInvalid, "too long"},
      {"n", "- a: [", "", Code::kInvalid, "line"},
      {"n", std::string(kGroupBytesMax + 1, ' '), "", Code::kLimit, "a group of rules has at most"},
  };
  for (const auto& [name_space, text, name, code, want] : kCases) {
    const auto done = groups.put("t", name_space, text, name);
    ASSERT_FALSE(done.ok()) << want;
    EXPECT_EQ(done.error().code, code) << want;
    EXPECT_THAT(done.error().message, HasSubstr(want));
  }
  EXPECT_THAT(names(groups), ElementsAre("n/a"));
  EXPECT_EQ(groups.remove("t", "n", "b").error().code, Code::kNotFound);
  RuleGroups nowhere(files, in(""));
  EXPECT_EQ(nowhere.put("t", "n", group("a")).error().code, Code::kUnsupported);
}

TEST(RuleGroups, AFileThatIsNoGroupKeepsNothingFromStarting) {
  SimulatedFileSystem files;
  ASSERT_TRUE(files.make_directories("rules/t/n").ok());
  ASSERT_TRUE(write_file_atomically(files, "rules/t/n/a.yml", group("a")).ok());
  ASSERT_TRUE(write_file_atomically(files, "rules/t/n/b.yml", "name: [").ok());
  ASSERT_TRUE(write_file_atomically(files, "rules/t/n/c.yml.tmp", "half").ok());
  RuleGroups groups(files, in("rules"));
  ASSERT_TRUE(groups.open().ok());
  EXPECT_THAT(names(groups), ElementsAre("n/a"));
  EXPECT_TRUE(files.exists("rules/t/n/b.yml"));
}

// A crash at any point leaves the old group or the new one.
TEST(RuleGroups, APowerCutLeavesTheOldOrTheNew) {
  for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepUnsynced, CrashMode::kTear}) {
    for (std::uint64_t cut = 0; cut < 12; ++cut) {
      SimulatedFileSystem files;
      {
        RuleGroups groups(files, in("rules"));
        ASSERT_TRUE(groups.put("t", "n", group("a", "old")).ok());
        files.cut_power_at(files.operations() + cut);
        static_cast<void>(groups.put("t", "n", group("a", "new")));
      }
      files.crash(mode, cut);
      RuleGroups groups(files, in("rules"));
      ASSERT_TRUE(groups.open().ok());
      const auto found = groups.find("t", "n", "a");
      ASSERT_NE(found, nullptr) << cut;
      EXPECT_TRUE(found->group.rules[0].expr == "old" || found->group.rules[0].expr == "new");
    }
  }
}

class RuleFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "rule_files_" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(std::string_view name, std::string_view text) {
    ASSERT_TRUE(write_file_atomically(*files_, fmt::format("{}/{}", folder_, name), text).ok());
  }
  std::string folder_;
  const std::unique_ptr<FileSystem> files_ = make_real_file_system();
};

TEST_F(RuleFiles, AreTakenWholeOrNotAtAll) {
  write("a.yml", "groups:\n- {name: y, rules: [{record: r, expr: up}]}\n- {name: x}\n");
  write("b.yml", "groups: [{name: z}]");
  RuleGroups groups(*files_, in(folder_ + "/put"));
  ASSERT_TRUE(groups.set_files({folder_ + "/*.yml", folder_ + "/none/*.yml"}).ok());
  const std::vector<std::string> both = names(groups);
  EXPECT_THAT(both, ElementsAre(folder_ + "/a.yml/y", folder_ + "/a.yml/x", folder_ + "/b.yml/z"));
  EXPECT_THAT(names(groups, "other"), IsEmpty());
  EXPECT_EQ(groups.put("t", folder_ + "/a.yml", group("y")).error().code, Code::kExists);
  EXPECT_EQ(groups.remove("t", folder_ + "/a.yml", "y").error().code, Code::kExists);

  write("b.yml", "groups:\n- name: z\n  rules: [{record: r, expr: 'sum('}]\n");
  const auto wrong = groups.set_files({folder_ + "/*.yml"});
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, HasSubstr(folder_ + "/b.yml: line 3: groups[0].rules[0]: could not parse"));
  EXPECT_EQ(names(groups), both);
  ASSERT_TRUE(groups.set_files({}).ok());
  EXPECT_THAT(names(groups), IsEmpty());
}

}  // namespace
}  // namespace trilobite::alerting
