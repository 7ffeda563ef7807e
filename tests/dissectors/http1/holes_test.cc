// Holes: at every position of a stream, in both directions, and what they do to the pairing.
#include <gtest/gtest.h>

#include "http1/http1.h"
#include "support/dissect.h"

namespace wirelens::http1 {
namespace {

using testing::of_type;
using testing::play;
using testing::play_in_every_cut;
using testing::Records;
using testing::Script;

constexpr auto kClient = Direction::from_client;
constexpr auto kServer = Direction::from_server;

std::string get(int number) {
  return "GET /" + std::to_string(number) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}
std::string answer(int number) {
  const std::string body = "answer " + std::to_string(number);
  return "HTTP/1.1 200 OK\r\nX-Number: " + std::to_string(number) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// "1-1" where request and response of one number make a pair, "1-" and "-1" alone; in the order of
/// their records.
std::string pairs(const Records& records) {
  std::string line;
  for (const auto& record : of_type(records, "http")) {
    if (!line.empty()) line += ' ';
    if (record.contains("path")) line += record["path"].get<std::string>().substr(1);
    line += '-';
    if (record.contains("status")) {
      line += record["response_headers"][0][1].get<std::string>();
    }
    if (!record["complete"].get<bool>()) line += '!';
  }
  return line;
}

TEST(Http1Holes, InAContentIsAbsorbed) {
  const Records records = play_in_every_cut(
      Script()
          .client(get(1))
          .server("HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 70\r\n\r\n0123456789")
          .gap(kServer, 14)
          .server(std::string(46, 'x'))
          .client(get(2))
          .server(answer(2)),
      kProtocol);
  EXPECT_EQ(pairs(records), "1-1! 2-2");
  EXPECT_EQ(of_type(records, "http")[0]["response_body_wire_bytes"], 56);
}

TEST(Http1Holes, InAChunkAreAbsorbed) {
  const Records records = play_in_every_cut(
      Script()
          .client(get(1))
          .server("HTTP/1.1 200 OK\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n0123456789")
          .gap(kServer, 10)
          .server("\r\n0\r\n\r\n")
          .client(get(2))
          .server(answer(2)),
      kProtocol);
  EXPECT_EQ(pairs(records), "1-1! 2-2");
}

std::string chunked_answer(int number) {
  return "HTTP/1.1 200 OK\r\nX: " + std::to_string(number) +
         "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
}

TEST(Http1Holes, OverTheFramingOfChunksTheNextChunkIsFound) {
  const struct {
    const char* what;
    std::string behind;
    int bytes;  // of the content that was seen
  } cases[] = {
      {"at a chunk's head", "6\r\nworld!\r\n0\r\n\r\n", 11},
      {"in the middle of one", "the rest of a chunk\r\n6\r\nworld!\r\n0\r\n\r\n", 11},
      {"content that looks like a head",
       "12\r\nlonger than eighteen bytes\r\n6\r\nworld!\r\n1\r\n!\r\n0\r\n\r\n", 12},
      {"at the last chunk", "0\r\n\r\n", 5},
      {"with an extension and trailers", "x\r\n3;a=b\r\nend\r\n0\r\nx-sum: 1\r\n\r\n", 8},
  };
  for (const auto& [what, behind, bytes] : cases) {
    const Records records = play_in_every_cut(Script()
                                                  .client(get(1))
                                                  .server(chunked_answer(1))
                                                  .gap(kServer, 9)
                                                  .server(behind)
                                                  .client(get(2))
                                                  .server(answer(2)),
                                              kProtocol);
    EXPECT_EQ(pairs(records), "1-1! 2-2") << what;
    EXPECT_EQ(of_type(records, "http")[0]["response_body_wire_bytes"], bytes) << what;
  }
}

TEST(Http1Holes, ChunksAreFoundAgainAndAgain) {
  Script script;
  script.client(get(1)).server(chunked_answer(1));
  for (int i = 0; i < 3; ++i) script.gap(kServer, 100).server("6\r\nworld!\r\n");
  script.server("0\r\n\r\n").client(get(2)).server(answer(2));
  const Records records = play_in_every_cut(script, kProtocol);
  EXPECT_EQ(pairs(records), "1-1! 2-2");
  EXPECT_EQ(of_type(records, "http")[0]["response_body_wire_bytes"], 23);
}

/// Behind another request another response may have begun in the hole: nobody can tell whose chunks
/// they are.
TEST(Http1Holes, ChunksOfWhoeverAreNotTaken) {
  const Records records = play_in_every_cut(Script()
                                                .client(get(1) + get(2))
                                                .server(chunked_answer(1))
                                                .gap(kServer, 90)
                                                .server("6\r\nworld!\r\n0\r\n\r\n")
                                                .client(get(3))
                                                .server(answer(3)),
                                            kProtocol);
  EXPECT_EQ(of_type(records, "http")[0]["response_body_wire_bytes"], 5);
  EXPECT_FALSE(of_type(records, "http")[0]["complete"].get<bool>());
}

TEST(Http1Holes, AChunkedUploadGoesOn) {
  const Records records = play_in_every_cut(
      Script()
          .client("POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
          .gap(kClient, 40)
          .client("6\r\nworld!\r\n0\r\n\r\n")
          .server(answer(1))
          .client(get(2))
          .server(answer(2)),
      kProtocol);
  EXPECT_EQ(pairs(records), "1-1! 2-2");
  EXPECT_EQ(of_type(records, "http")[0]["request_body_wire_bytes"], 11);
}

TEST(Http1Holes, ALostResponseDoesNotShiftThePairs) {
  // The ACK that comes with the next request shows the hole.
  const Records records = play_in_every_cut(Script()
                                                .client(get(1))
                                                .gap(kServer, 238)
                                                .server("the rest of a content\nlast line")
                                                .client(get(2))
                                                .server(answer(2))
                                                .client(get(3))
                                                .server(answer(3)),
                                            kProtocol);
  EXPECT_EQ(pairs(records), "1-! 2-2 3-3");
}

TEST(Http1Holes, ALostInterimResponseLeavesThePair) {
  const Records records = play_in_every_cut(
      Script().client(get(1)).gap(kServer, 25).server(answer(1)).client(get(2)).server(answer(2)),
      kProtocol);
  EXPECT_EQ(pairs(records), "1-1 2-2");
}

TEST(Http1Holes, ALostRequestLeavesItsResponseAlone) {
  const Records records = play_in_every_cut(Script()
                                                .client(get(1))
                                                .server(answer(1))
                                                .gap(kClient, 30)
                                                .server(answer(2))
                                                .client(get(3))
                                                .server(answer(3)),
                                            kProtocol);
  EXPECT_EQ(pairs(records), "1-1 -2! 3-3");
}

TEST(Http1Holes, DoubtfulPairsOfAPipelineAreNotTold) {
  Script script;
  script.client(get(1) + get(2) + get(3)).server(answer(1)).gap(kServer, 99).server(answer(3));
  script.client(get(4)).server(answer(4));
  // Quiet for a second: nothing can be outstanding.
  script.pause(std::chrono::seconds(2)).client(get(5)).server(answer(5));
  EXPECT_EQ(pairs(play_in_every_cut(script, kProtocol)), "1-1 2-! 3-! -3! 4-! -4! 5-5");
}

TEST(Http1Holes, ALostRequestInAPipelineMakesTheNextOnesDoubtful) {
  Script script;
  script.client(get(1) + get(2)).server(answer(1));
  script.gap(kClient, 30).client(get(4)).server(answer(2) + answer(3) + answer(4));
  const std::string told = pairs(play_in_every_cut(script, kProtocol));
  EXPECT_EQ(told, "1-1 2-2 4-! -3! -4!");
}

TEST(Http1Holes, AResponseMayBeCapturedBeforeItsRequest) {
  const Records records = play_in_every_cut(
      Script().server(answer(1)).client(get(1)).server(answer(2)).client(get(2)), kProtocol);
  EXPECT_EQ(pairs(records), "1-1 2-2");
  EXPECT_FALSE(of_type(records, "http")[0]["timing"].contains("wait"));
}

TEST(Http1Holes, ServersSideOnly) {
  Script script;
  std::string told;
  for (int i = 0; i < 20; ++i) {
    script.server(answer(i));
    told += (i > 0 ? " -" : "-") + std::to_string(i) + "!";
  }
  // A HEAD nobody saw: its response announces content that does not come.
  script.server("HTTP/1.1 200 OK\r\nX: 20\r\nContent-Length: 100\r\n\r\n" + answer(21));
  EXPECT_EQ(pairs(play_in_every_cut(script, kProtocol)), told + " -20! -21!");
}

TEST(Http1Holes, AnywhereNothingIsPairedWrongly) {
  // Four exchanges, each its packets; a hole takes every possible run of bytes out of either side.
  for (const Direction side : {kClient, kServer}) {
    std::string whole;
    for (int i = 1; i <= 4; ++i) whole += side == kClient ? get(i) : answer(i);
    for (std::size_t begin = 0; begin < whole.size(); ++begin) {
      for (std::size_t size : {1u, 5u, 20u, 36u, 60u, 100u}) {
        const std::size_t end = std::min(begin + size, whole.size());
        Script script;
        std::size_t at = 0;
        std::size_t untouched = 4;
        const auto say = [&](Direction from, const std::string& text) {
          if (from != side) return void(script.say(from, text));
          const std::size_t low = std::clamp(begin, at, at + text.size()) - at;
          const std::size_t high = std::clamp(end, at, at + text.size()) - at;
          if (high > low) --untouched;
          if (low > 0) script.say(from, text.substr(0, low));
          if (high > low) script.gap(from, high - low);
          if (high < text.size()) script.say(from, text.substr(high));
          at += text.size();
        };
        for (int i = 1; i <= 4; ++i) {
          say(kClient, get(i));
          say(kServer, answer(i));
        }
        const Records records = play(script, kProtocol);
        std::size_t right = 0;
        for (const auto& record : of_type(records, "http")) {
          if (!record.contains("path") || !record.contains("status")) continue;
          const std::string path = record["path"].get<std::string>().substr(1);
          const std::string number = record["response_headers"][0][1];
          ASSERT_EQ(path, number) << "hole " << begin << " to " << end;
          ++right;
        }
        ASSERT_GE(right, untouched) << "hole " << begin << " to " << end;
      }
    }
  }
}

}  // namespace
}  // namespace wirelens::http1
