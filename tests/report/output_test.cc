// report/output_test.cc - files appear whole or not at all, and failures are known at once.
#include "report/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "event/records.h"
#include "report/ndjson.h"

namespace wirelens {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Visible = Output::Visible;

class OutputTest : public testing::Test {
 protected:
  OutputTest() {
    std::string name = testing::TempDir() + "wirelens-output-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~OutputTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  fs::path folder_;
};

TEST_F(OutputTest, AppearsWhenWhole) {
  std::ofstream(path("out")) << "yesterday";
  auto output = Output::open(path("out"), Visible::when_whole);
  ASSERT_TRUE(output);
  (*output)->write("today\n");
  EXPECT_EQ(content(path("out")), "yesterday");
  (*output)->finish();
  EXPECT_FALSE((*output)->failure());
  EXPECT_EQ(content(path("out")), "today\n");
  EXPECT_EQ(files(), 1u);
  struct stat status {};
  ASSERT_EQ(::stat(path("out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(OutputTest, LeavesNothingWithoutFinish) {
  {
    auto output = Output::open(path("out"), Visible::when_whole);
    (*output)->write("half");
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(OutputTest, ALogGrowsLineByLine) {
  std::ofstream(path("out")) << "yesterday";
  auto output = Output::open(path("out"), Visible::line_by_line);
  EXPECT_EQ(content(path("out")), "");
  (*output)->write("a\n");
  EXPECT_EQ(content(path("out")), "a\n");
  (*output)->write("b\n");
  (*output)->finish();
  EXPECT_EQ(content(path("out")), "a\nb\n");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputTest, KeepsASymbolicLink) {
  fs::create_directory(folder_ / "there");
  fs::create_symlink("there/target", folder_ / "link");
  auto output = Output::open(path("link"), Visible::when_whole);
  (*output)->write("x");
  (*output)->finish();
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(content(path("there/target")), "x");
}

TEST_F(OutputTest, NamesWhyItCannotOpen) {
  EXPECT_THAT(Output::open(path("no/such/out"), Visible::when_whole).error().message,
              HasSubstr("no/such/out: No such file or directory"));
  EXPECT_THAT(Output::open(folder_.string(), Visible::when_whole).error().message,
              HasSubstr("Is a directory"));
  if (geteuid() != 0) {
    fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_THAT(Output::open(path("out"), Visible::when_whole).error().message,
                HasSubstr("Permission denied"));
    fs::permissions(folder_, fs::perms::owner_all);
  }
}

TEST_F(OutputTest, ADeviceIsWrittenStraight) {
  auto output = Output::open("/dev/full", Visible::when_whole);
  ASSERT_TRUE(output);
  (*output)->write("x");
  ASSERT_TRUE((*output)->failure());
  EXPECT_EQ((*output)->failure()->message, "cannot write /dev/full: No space left on device");
  EXPECT_FALSE((*output)->failure()->reader_left);
  (*output)->write("y");
  (*output)->finish();
  EXPECT_EQ((*output)->failure()->message, "cannot write /dev/full: No space left on device");
}

TEST_F(OutputTest, AClosedPipeIsKnown) {
  std::signal(SIGPIPE, SIG_IGN);
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const int reader = ::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK);
  auto output = Output::open(path("fifo"), Visible::when_whole);
  ASSERT_TRUE(output);
  (*output)->write("x");
  EXPECT_FALSE((*output)->failure());
  ::close(reader);
  (*output)->write("y");
  ASSERT_TRUE((*output)->failure());
  EXPECT_TRUE((*output)->failure()->reader_left);
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputTest, WritesAllThroughASlowPipe) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = content(path("fifo")); });
  std::string sent;
  for (int i = 0; sent.size() < 1'000'000; ++i) sent += std::to_string(i) + "\n";
  auto output = Output::open(path("fifo"), Visible::when_whole);
  (*output)->write(sent);
  (*output)->finish();
  reader.join();
  EXPECT_EQ(read, sent);
}

/// Runs `body` in a child whose files may grow to `bytes`, so that write() fails as on a full disk.
template <class Body>
int with_file_limit(rlim_t bytes, Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(OutputTest, AFullDiskLeavesTheOldFile) {
  std::ofstream(path("out")) << "yesterday";
  const int failed = with_file_limit(100, [&] {
    auto output = Output::open(path("out"), Visible::when_whole);
    (*output)->write(std::string(150, 'x'));
    const bool known = (*output)->failure().has_value();
    (*output)->finish();
    return known ? 7 : 0;
  });
  EXPECT_EQ(failed, 7);
  EXPECT_EQ(content(path("out")), "yesterday");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputTest, AFullDiskLeavesWholeLinesOfALog) {
  const int failed = with_file_limit(100, [&] {
    auto output = Output::open(path("log"), Visible::line_by_line);
    (*output)->write(std::string(59, 'x') + "\n");
    (*output)->write(std::string(59, 'y') + "\n");
    return (*output)->failure() ? 7 : 0;
  });
  EXPECT_EQ(failed, 7);
  EXPECT_EQ(content(path("log")), std::string(59, 'x') + "\n");
}

TEST_F(OutputTest, AKillLeavesTheOldFile) {
  std::ofstream(path("out")) << "yesterday";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto output = Output::open(path("out"), Visible::when_whole);
    for (bool told = false;; told = true) {
      (*output)->write(std::string(65'536, 'x'));
      if (!told && ::write(ready[1], "r", 1) != 1) ::_exit(1);
    }
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_EQ(content(path("out")), "yesterday");
}

TEST_F(OutputTest, NdjsonWritesALineARecord) {
  auto report = open_report({"ndjson", path("out")}, {});
  ASSERT_TRUE(report);
  Connection connection;
  connection.transport = "tcp";
  connection.client = {"10.0.0.1", 40'000};
  for (std::uint64_t i = 0; i < 2000; ++i) {
    connection.id = i;
    (*report)->write(Event(timestamp_ns(5), i, connection));
  }
  (*report)->finish();
  EXPECT_FALSE((*report)->failure());
  std::istringstream lines(content(path("out")));
  std::uint64_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto record = nlohmann::json::parse(line);
    EXPECT_EQ(record.at("conn"), count);
    EXPECT_EQ(record.at("client").at("port"), 40'000);
    EXPECT_FALSE(record.contains("server_name"));
  }
  EXPECT_EQ(count, 2000u);
}

TEST_F(OutputTest, FormatsThatAreNotThereAreNamed) {
  EXPECT_THAT(open_report({"xml", "-"}, {}).error().message,
              testing::StartsWith("format 'xml' is not known; there are text, ndjson, har"));
}

}  // namespace
}  // namespace wirelens
