// syslog and the journal, with a socket of the test in the place of theirs.
#include "system_log.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <trilobite/log_setup.h>

#include "temp_dir.h"

namespace trilobite::log {
namespace {

class Receiver {
 public:
  explicit Receiver(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ::unlink(path.c_str());
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Receiver() { ::close(descriptor_); }

  // The text of a datagram, or of the file that came with it.
  std::string receive() {
    std::vector<char> bytes(1 << 20);
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t count = ::recvmsg(descriptor_, &message, 0);
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr) return {bytes.data(), static_cast<std::size_t>(count)};
    int file = -1;
    std::memcpy(&file, CMSG_DATA(header), sizeof file);
    const off_t size = ::lseek(file, 0, SEEK_END);
    std::string text(static_cast<std::size_t>(size), '\0');
    EXPECT_EQ(::pread(file, text.data(), text.size(), 0), size);
    ::close(file);
    return text;
  }

 private:
  int descriptor_ = -1;
};

Event event_of(std::string_view message, std::span<const Field> fields) {
  return {.time_ns = 0,
          .level = Level::kWarn,
          .target = "shop::pay",
          .file = "pay.cc",
          .line = 9,
          .message = message,
          .fields = fields,
          .spans = {}};
}

TEST(SystemLogTest, SyslogLines) {
  const TempDir dir;
  Receiver receiver(dir.file("log"));
  const auto sink = syslog_sink(dir.file("log"), "shop");
  const Field field{"attempt", Value::of_int(2)};
  EXPECT_EQ(sink->append(event_of("retrying", {&field, 1})), 0);
  const std::string text = receiver.receive();
  EXPECT_TRUE(text.starts_with("<28>")) << text;  // daemon.warning
  EXPECT_TRUE(text.ends_with(" shop[" + std::to_string(getpid()) + "]: shop::pay: retrying attempt=2")) << text;
}

TEST(SystemLogTest, JournalEntries) {
  const TempDir dir;
  Receiver receiver(dir.file("journal"));
  const auto sink = journal_sink(dir.file("journal"), "shop");
  const Field fields[] = {{"attempt", Value::of_int(2)},
                          {"reason-1", Value::of_text("two\nlines")},
                          {"_x", Value::of_bool(true)},
                          {"message", Value::of_text("mine")}};
  EXPECT_EQ(sink->append(event_of("retrying", fields)), 0);
  EXPECT_EQ(receiver.receive(),
            std::string("MESSAGE=retrying\nPRIORITY=4\nSYSLOG_IDENTIFIER=shop\nTARGET=shop::pay\nCODE_FILE=pay.cc\n"
                        "CODE_LINE=9\nATTEMPT=2\nREASON_1\n\x09\0\0\0\0\0\0\0two\nlines\nFIELD__X=true\n"
                        "FIELD_MESSAGE=mine\n",
                        167));
}

TEST(SystemLogTest, LargeEntriesGoAsFiles) {
  const TempDir dir;
  Receiver receiver(dir.file("journal"));
  const auto sink = journal_sink(dir.file("journal"), "shop");
  const std::string large(2 << 20, 'x');
  EXPECT_EQ(sink->append(event_of(large, {})), 0);
  EXPECT_TRUE(receiver.receive().starts_with("MESSAGE=" + large + "\nPRIORITY"));
}

TEST(SystemLogTest, AReceiverMayBeMissingAndComeBack) {
  const TempDir dir;
  const auto sink = journal_sink(dir.file("journal"), "shop");
  EXPECT_EQ(sink->append(event_of("1", {})), ENOENT);
  {
    Receiver receiver(dir.file("journal"));
    EXPECT_EQ(sink->append(event_of("2", {})), 0);
  }
  EXPECT_NE(sink->append(event_of("3", {})), 0);
  Receiver receiver(dir.file("journal"));
  EXPECT_EQ(sink->append(event_of("4", {})), 0);
  EXPECT_TRUE(receiver.receive().starts_with("MESSAGE=4\n"));
}

TEST(OutputListTest, NamesOutputs) {
  std::vector<Output> outputs;
  EXPECT_EQ(
      parse_outputs(" stdout, syslog,journal ,/var/log/a.log?bytes=100M&lines=5&interval=1d&keep=7&gzip", outputs), "");
  ASSERT_EQ(outputs.size(), 4u);
  EXPECT_EQ(outputs[0].destination, Output::Destination::kStandardOutput);
  EXPECT_EQ(outputs[2].destination, Output::Destination::kJournal);
  EXPECT_EQ(outputs[3].path, "/var/log/a.log");
  EXPECT_EQ(outputs[3].rotation.bytes_max, 100u << 20);
  EXPECT_EQ(outputs[3].rotation.lines_max, 5u);
  EXPECT_EQ(outputs[3].rotation.interval_s, 86'400);
  EXPECT_EQ(outputs[3].rotation.files_max, 7);
  EXPECT_TRUE(outputs[3].rotation.gzip);
  for (const char* bad : {"", " , ", "file.log", "./a?bytes=0", "./a?bytes=5X", "./a?size=5", "./a?lines=5k",
                          "./a?interval=99999999999999999999d", "./a?gzip=yes", "stderr,nothing"}) {
    EXPECT_NE(parse_outputs(bad, outputs), "") << bad;
  }
  EXPECT_EQ(outputs.size(), 4u);  // unchanged by a bad text
}

}  // namespace
}  // namespace trilobite::log
