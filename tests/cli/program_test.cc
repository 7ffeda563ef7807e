// cli/program_test.cc - the program as a user meets it: exit statuses, one-line complaints, outputs
// that fail, signals.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/bytes.h"
#include "cli/grammar.h"
#include "report/html.h"
#include "report/wire_text.h"
#include "support/tree.h"

namespace wirelens {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using Words = std::vector<std::string>;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Outcome {
  int status = -1;  ///< exit status; -1: ended by a signal
  std::string out;
  std::string err;
};

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    std::string name = testing::TempDir() + "wirelens-program-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("COLUMNS");
  }
  ~ProgramTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// Starts the program; its outputs go to files unless `out` is a descriptor.
  pid_t start(const Words& words, int out = -1, const std::string& in = "/dev/null") const {
    const std::string program = fs::read_symlink("/proc/self/exe").parent_path() / "wirelens";
    const pid_t child = ::fork();
    if (child != 0) return child;
    constexpr int kCreate = O_WRONLY | O_CREAT | O_TRUNC;
    ::dup2(::open(in.c_str(), O_RDONLY), STDIN_FILENO);
    ::dup2(out >= 0 ? out : ::open(path("stdout").c_str(), kCreate, 0600), STDOUT_FILENO);
    ::dup2(::open(path("stderr").c_str(), kCreate, 0600), STDERR_FILENO);
    std::vector<char*> arguments{const_cast<char*>("wirelens")};
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(program.c_str(), arguments.data());
    ::_exit(127);
  }
  Outcome wait(pid_t child) const {
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(path("stdout")),
            content(path("stderr"))};
  }
  Outcome run(const Words& words, int out = -1, const std::string& in = "/dev/null") const {
    return wait(start(words, out, in));
  }
  /// Wrong usage is one line and status 2.
  void expect_usage(const Words& words, const std::string& part) const {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.status, 2) << part;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, MatchesRegex("wirelens: [^\n]*\n"));
    EXPECT_THAT(outcome.err, HasSubstr(part));
  }

  const std::string demo_ = tree("captures/demo.pcapng");
  fs::path folder_;
};

TEST_F(ProgramTest, WrongUsageIsOneLine) {
  expect_usage({}, "--help");
  expect_usage({"anaylze", "x"}, "did you mean analyze?");
  expect_usage({demo_}, "did you mean wirelens analyze");
  expect_usage({"--frobnicate"}, "a command comes first");
  expect_usage({"analyze"}, "needs a FILE");
  expect_usage({"analyze", "--wirte", "x", demo_}, "did you mean --write?");
  expect_usage({"analyze", "-w", "xml=x", demo_}, "there are text, ndjson");
  expect_usage({"analyze", "-w", "text=-", "-w", "ndjson=-", demo_}, "taken already");
  expect_usage({"analyze", "-f", "prot 80", demo_}, "--filter prot 80");
  expect_usage({"live"}, "-i IFACE");
  expect_usage({"schema", "x"}, "'x'");
}

TEST_F(ProgramTest, HelpFits80Columns) {
  std::vector<Words> all{{"--help"}, {"live", "-h"}};
  for (const Grammar* each : all_grammars()) all.push_back({std::string(each->command), "--help"});
  for (const Words& words : all) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.out, StartsWith("usage: wirelens "));
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 80u) << line;
  }
  EXPECT_THAT(run({"--version"}).out, MatchesRegex("wirelens [0-9.]+\n"));
}

TEST_F(ProgramTest, Analyzes) {
  const Outcome outcome = run({"analyze", demo_});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("\nConnections  "));
  EXPECT_EQ(run({"analyze", "-"}, -1, demo_).status, 0);
}

TEST_F(ProgramTest, SameBytesWhateverTheThreadsAndTheReader) {
  // Not a pcapng: libpcap does not tell the names of interfaces.
  const std::string capture = tree("captures/http1/parallel.pcap");
  const std::string one = run({"analyze", "-j", "1", "-w", "ndjson=-", capture}).out;
  EXPECT_THAT(one, StartsWith("{\"type\":\"capture\","));
  EXPECT_TRUE(run({"analyze", "-j", "2", "-w", "ndjson=-", capture}).out == one);
  EXPECT_TRUE(run({"analyze", "--reader", "libpcap", "-w", "ndjson=-", capture}).out == one);
}

TEST_F(ProgramTest, SeveralOutputs) {
  const Outcome outcome = run({"analyze", "-w", "text=" + path("a"), "-w", "ndjson=-", demo_});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, StartsWith("{"));
  EXPECT_THAT(content(path("a")), HasSubstr("\nConnections  "));
}

TEST_F(ProgramTest, AnInputThatCannotBeRead) {
  for (const std::string& file : {path("none.pcap"), folder_.string(), tree("README.md")}) {
    const Outcome outcome = run({"analyze", "-w", "ndjson=" + path("out"), file});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_THAT(outcome.err, MatchesRegex("wirelens: [^\n]*\n"));
    EXPECT_FALSE(fs::exists(path("out")));
  }
}

TEST_F(ProgramTest, ADamagedInputIsReportedAsFarAsItGoes) {
  const std::string whole = content(demo_);
  std::ofstream(path("cut.pcapng"), std::ios::binary) << whole.substr(0, whole.size() - 3);
  const Outcome outcome = run({"analyze", path("cut.pcapng")});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.err, MatchesRegex("wirelens: [^\n]*cut.pcapng: damaged at byte [^\n]*\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\nDamaged "));
  EXPECT_THAT(outcome.out, HasSubstr("\nConnections  "));
}

TEST_F(ProgramTest, AnOutputThatCannotBeWritten) {
  for (const std::string& file : {std::string("/dev/full"), path("no/out"), folder_.string()}) {
    const Outcome outcome = run({"analyze", "-w", "ndjson=" + file, demo_});
    EXPECT_EQ(outcome.status, 4) << file;
    EXPECT_THAT(outcome.err, MatchesRegex("wirelens: cannot write [^\n]*\n"));
  }
}

TEST_F(ProgramTest, OneOutputFailsAndTheOtherIsWhole) {
  const Outcome outcome = run({"analyze", "-w", "ndjson=/dev/full", "-w", "text=-", demo_});
  EXPECT_EQ(outcome.status, 4);
  EXPECT_EQ(outcome.out, run({"analyze", demo_}).out);
}

TEST_F(ProgramTest, AClosedPipeEndsItQuietly) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  const Outcome outcome = run({"analyze", "-w", "ndjson=-", demo_}, ends[1]);
  ::close(ends[1]);
  EXPECT_EQ(outcome.status, 141);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ProgramTest, RecordsAndTheirCaptureDoNotDiffer) {
  EXPECT_EQ(run({"analyze", "-w", "ndjson=" + path("records"), demo_}).status, 0);
  const Outcome outcome = run({"diff", path("records"), demo_});
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_EQ(outcome.out + outcome.err, "");
  EXPECT_EQ(run({"diff", demo_, tree("captures/http1/errors.pcap")}).status, 1);
}

TEST_F(ProgramTest, ADamagedSideIsComparedAsFarAsItGoes) {
  const std::string whole = content(demo_);
  std::ofstream(path("cut.pcapng"), std::ios::binary) << whole.substr(0, whole.size() / 2);
  const Outcome captures = run({"diff", path("cut.pcapng"), demo_});
  EXPECT_EQ(captures.status, 3);
  EXPECT_THAT(captures.err, MatchesRegex("wirelens: [^\n]*; compared as far as that\n"));
  EXPECT_THAT(captures.out, HasSubstr("tcp.connection_refused"));

  std::ofstream(path("cut.ndjson")) << run({"analyze", "-w", "ndjson=-", demo_}).out << "{\"ty";
  const Outcome records = run({"diff", path("cut.ndjson"), demo_});
  EXPECT_EQ(records.status, 3);
  EXPECT_THAT(records.err, HasSubstr("is no record; compared as far as that"));
  EXPECT_EQ(records.out, "");
}

TEST_F(ProgramTest, FollowNamesTheFindingsOfItsConnection) {
  const Outcome outcome = run({"follow", demo_, "finding:2"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\nfinding:2  MEDIUM  "));
  const std::string same = outcome.out.substr(0, outcome.out.find('\n'));
  EXPECT_THAT(run({"follow", demo_, "packet:2518"}).out, StartsWith(same));
}

/// The way from a capture to a cause that README.md walks.
TEST_F(ProgramTest, TheReadmesThreeCommandsLeadToTheCause) {
  std::istringstream lines(content(tree("README.md")));
  std::vector<Words> commands;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("    wirelens ") || line.find("captures/demo") == std::string::npos)
      continue;
    std::istringstream words(line);
    Words command;
    for (std::string word; words >> word;) command.push_back(word);
    command.erase(command.begin());
    for (std::string& word : command) {
      if (word.starts_with("captures/")) word = tree(word);
      if (word.starts_with("html=")) word = "html=" + path("demo.html");
    }
    commands.push_back(command);
  }
  ASSERT_EQ(commands.size(), 3u);
  const Outcome first = run(commands[0]);
  EXPECT_THAT(first.out, HasSubstr("502 9 times"));
  EXPECT_THAT(first.out, HasSubstr("follows tcp.connection_refused"));
  const Outcome second = run(commands[1]);
  EXPECT_THAT(second.out, HasSubstr("Connections refused  tcp.connection_refused"));
  EXPECT_THAT(second.out, HasSubstr("RST,ACK"));
  if (!HtmlReport::is_built()) GTEST_SKIP() << "this build has no page";
  EXPECT_EQ(run(commands[2]).status, 0);
  EXPECT_THAT(content(path("demo.html")), HasSubstr("tcp.connection_refused"));
}

TEST_F(ProgramTest, NoColourOutsideATerminal) {
  EXPECT_EQ(run({"analyze", demo_}).out.find('\x1b'), std::string::npos);
}

/// The pcapng blocks within the first `most` bytes.
std::string whole_blocks(const std::string& file, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t next = 0; next <= most && next + 8 <= file.size();) {
    end = next;
    next += load_le32(as_bytes(file).data() + next + 4);
  }
  return file.substr(0, end);
}

/// Waits until a FIFO has been read empty: whatever was written into it is being analysed. Gives up
/// when the reader has ended.
void wait_until_drained(int descriptor, pid_t reader) {
  int left = 1;
  siginfo_t ended{};
  while (::ioctl(descriptor, FIONREAD, &left) == 0 && left > 0 && ended.si_pid == 0) {
    ::poll(nullptr, 0, 1);
    ::waitid(P_PID, static_cast<id_t>(reader), &ended, WEXITED | WNOHANG | WNOWAIT);
  }
}

TEST_F(ProgramTest, AnInterruptReportsWhatWasSeen) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const pid_t child = start({"analyze", "-w", "ndjson=" + path("out"), path("fifo")});
  const int writer = ::open(path("fifo").c_str(), O_WRONLY | O_CLOEXEC);
  const std::string bytes = whole_blocks(content(demo_), 30'000);  // a pipe holds them
  ASSERT_EQ(::write(writer, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  wait_until_drained(writer, child);
  ::kill(child, SIGINT);
  const Outcome outcome = wait(child);
  ::close(writer);
  EXPECT_EQ(outcome.status, 130);
  EXPECT_EQ(outcome.err, "");
  const std::string records = content(path("out"));
  EXPECT_THAT(records, StartsWith("{\"type\":\"capture\","));
  EXPECT_THAT(records, HasSubstr("\n{\"type\":\"capture_end\","));
  EXPECT_EQ(records.back(), '\n');
}

TEST_F(ProgramTest, TheSchemaKnowsTheRecords) {
  const auto schema = nlohmann::json::parse(run({"schema"}).out);
  for (const char* type : {"capture", "connection", "http", "capture_end"}) {
    EXPECT_TRUE(schema.at("$defs").contains(type)) << type;
  }
  EXPECT_EQ(schema.at("$defs").at("http").at("additionalProperties"), false);
}

}  // namespace
}  // namespace wirelens
