// Key logs in files: whole, growing, cut off in the middle of a line, replaced.
#include "engine/key_log_tail.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "support/scratch_file.h"

namespace wirelens {
namespace {

std::string line(int number) {
  const std::string digits = std::to_string(100'000 + number);
  return "CLIENT_RANDOM " + std::string(58, '0') + digits + " " + std::string(96, 'a') + "\n";
}

void append(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

TEST(KeyLogFile, IsReadWhole) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += line(i);  // more than is read at once
  const ScratchFile file(text);
  auto log = read_key_log(file.path());
  ASSERT_TRUE(log);
  EXPECT_EQ((*log)->tally().secrets, 20'000u);
  EXPECT_EQ((*log)->tally().malformed, 0u);
  EXPECT_FALSE(read_key_log("/nowhere/keys.log"));
  EXPECT_FALSE(read_key_log("/"));
}

TEST(KeyLogTail, GivesWholeLinesOnce) {
  const ScratchFile file(line(1));
  KeyLogTail tail(file.path());
  EXPECT_EQ(tail.fresh().view(), line(1));
  EXPECT_TRUE(tail.fresh().empty());
  append(file.path(), line(2) + line(3).substr(0, 50));
  EXPECT_EQ(tail.fresh().view(), line(2));
  EXPECT_TRUE(tail.fresh().empty());
  append(file.path(), line(3).substr(50));
  EXPECT_EQ(tail.fresh().view(), line(3));
}

TEST(KeyLogTail, FollowsAFileThatIsReplaced) {
  const ScratchFile file("");
  const std::string path = file.path() + ".log";
  KeyLogTail tail(path);
  EXPECT_TRUE(tail.fresh().empty()) << "it is not there yet";
  append(path, line(1) + line(2));
  EXPECT_EQ(tail.fresh().view(), line(1) + line(2));
  std::ofstream(path, std::ios::trunc) << line(4);
  EXPECT_EQ(tail.fresh().view(), line(4));
  append(path + ".new", line(5) + line(6));
  ASSERT_EQ(std::rename((path + ".new").c_str(), path.c_str()), 0);
  EXPECT_EQ(tail.fresh().view(), line(5) + line(6));
  std::remove(path.c_str());
}

}  // namespace
}  // namespace wirelens
