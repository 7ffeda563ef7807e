// Caps: what is beyond them is told and stepped over, the framing stays, and the work stays linear.
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/work.h"
#include "http1/exchanges.h"
#include "http1/http1.h"
#include "support/dissect.h"

namespace wirelens::http1 {
namespace {

using testing::flaws;
using testing::of_type;
using testing::play;
using testing::Records;
using testing::Script;
using testing::Setting;
using Names = std::vector<std::string>;

constexpr auto kServer = Direction::from_server;
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string get(int number, const std::string& fields = "") {
  return "GET /" + std::to_string(number) + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string paths(const Records& records) {
  std::string line;
  for (const auto& record : of_type(records, "http")) {
    line += record.value("path", "-").substr(0, 10) + (record.contains("status") ? "+ " : " ");
  }
  return line;
}

/// Runs and checks, where steps are counted, that they are in proportion to the bytes.
Records play_counted(const Script& script, std::uint64_t steps_per_byte) {
#ifdef WIRELENS_COUNT_WORK
  const std::uint64_t before = work_done;
  const Records records = play(script, kProtocol);
  EXPECT_LE(work_done - before, steps_per_byte * script.size() + 10'000);
  return records;
#else
  (void)steps_per_byte;
  return play(script, kProtocol);
#endif
}

Script in_slices(const std::string& text, std::size_t size) {
  Script script;
  for (std::size_t at = 0; at < text.size(); at += size) script.client(text.substr(at, size));
  return script;
}

TEST(Http1Limits, AHeadFedByteByByte) {
  std::string fields;
  while (fields.size() < 60'000) fields += "X-Field: " + std::string(100, 'v') + "\r\n";
  const Records records = play_counted(in_slices(get(1, fields) + get(2), 1).server(kOk), 12);
  EXPECT_EQ(paths(records), "/1+ /2 ");
  EXPECT_EQ(flaws(records), Names{"http.many_fields"});
}

TEST(Http1Limits, AHeadBeyondTheCapIsReadForFraming) {
  std::string fields;
  while (fields.size() < 100'000) fields += "X-Field: " + std::string(1000, 'v') + "\r\n";
  const std::string text =
      "POST /1 HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: 5\r\n\r\nGET /" + get(2);
  for (const std::size_t slice : {1u, 7u, 1448u, 65'536u, 200'000u}) {
    const Records records = play_counted(in_slices(text, slice).server(kOk), 12);
    EXPECT_EQ(paths(records), "/1+ /2 ") << slice;
    EXPECT_EQ(flaws(records), Names{"http.long_head"}) << slice;
    EXPECT_EQ(of_type(records, "http")[0]["request_body_wire_bytes"], 5) << slice;
  }
}

TEST(Http1Limits, AFieldLineOfMegabytes) {
  const std::string text = get(1, "X-Long: " + std::string(4u << 20, 'v') + "\r\n") + get(2);
  const Records records = play_counted(in_slices(text, 1448).server(kOk), 12);
  EXPECT_EQ(paths(records), "/1+ /2 ");
}

TEST(Http1Limits, ARequestLineBeyondTheCap) {
  for (const std::size_t size : {17'000u, 70'000u, 200'000u}) {
    const std::string text =
        "GET /" + std::string(size, 'p') + " HTTP/1.1\r\nHost: a\r\n\r\n" + get(2);
    const Records records = play_counted(in_slices(text, 1000).server(kOk), 12);
    EXPECT_EQ(paths(records), "/ppppppppp+ /2 ") << size;
    const auto first = of_type(records, "http")[0];
    EXPECT_EQ(first["version"], "1.1") << size;
    EXPECT_LE(first["path"].get<std::string>().size(), kMaxRequestLine) << size;
    EXPECT_GE(first["path"].get<std::string>().size(), kMaxRequestLine - 16) << size;
  }
}

TEST(Http1Limits, ManyChunksOfOneByte) {
  std::string body;
  for (int i = 0; i < 300'000; ++i) body += "1\r\nx\r\n";
  Script script;
  script.client(get(1)).server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (std::size_t at = 0; at < body.size(); at += 1448) script.server(body.substr(at, 1448));
  script.server("0\r\n\r\n");
  const Records records = play_counted(script, 4);
  EXPECT_EQ(of_type(records, "http")[0]["response_body_wire_bytes"], 300'000);
}

TEST(Http1Limits, AnExtensionBeyondTheCap) {
  const Records records =
      play(Script()
               .client(get(1))
               .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" +
                       std::string(9000, 'e') + "\r\nok\r\n0\r\n\r\n")
               .client(get(2))
               .server(kOk),
           kProtocol);
  EXPECT_EQ(paths(records), "/1+ /2+ ");
  EXPECT_EQ(flaws(records), Names{"http.long_chunk_extension"});
}

TEST(Http1Limits, ABrokenChunkIsNotGuessedAt) {
  for (const char* size : {"10000000000000000", "x", "", "-1", "0x5", "5 5"}) {
    const Records records =
        play(Script().client("POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                             std::string(size) + "\r\n" + get(2)),
             kProtocol);
    EXPECT_EQ(paths(records), "/1 ") << size;
    EXPECT_EQ(flaws(records), Names{"http.malformed_chunk"}) << size;
  }
}

TEST(Http1Limits, LinesOfNothingButBeginnings) {
  std::string requests, responses;
  while (requests.size() < 60'000) requests += "GET /GET /";
  while (responses.size() < 60'000) responses += "HTTP/1.1 200 ";
  const auto lost = [](const std::string& text, Direction from) {
    Script script;
    script.client(get(1)).server(kOk).gap(from, 10);
    for (std::size_t at = 0; at < text.size(); at += 100) script.say(from, text.substr(at, 100));
    return script;
  };
  play_counted(lost(requests + "\n" + requests, Direction::from_client), 64);
  play_counted(lost(responses + "\n<" + responses, kServer), 64);
  play_counted(lost(std::string(100'000, '\n'), kServer), 64);
  play_counted(lost(std::string(200'000, 'H'), kServer), 64);
}

TEST(Http1Limits, WhatIsPendingIsBounded) {
  // One side of a pipeline with large heads: all is told, little is kept.
  Script script;
  const std::string fields = "X: " + std::string(30'000, 'x') + "\r\n";
  for (int i = 0; i < 200; ++i) script.client(get(i, fields));
  Setting setting;
  setting.memory = 3u << 20;  // without it the ledger would be pressed
  const Records records = play(script, kProtocol, setting);
  EXPECT_EQ(of_type(records, "http").size(), 200u);
  EXPECT_EQ(of_type(records, "http_request").size(), 200u);
}

TEST(Http1Limits, BrokenContentsCountAsStrikes) {
  Setting setting;
  setting.dissect.bodies = 100;
  Script script;
  for (int i = 0; i < 5; ++i) {
    script.client(get(i)).server(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope");
  }
  const Records records = play(script, kProtocol, setting);
  EXPECT_EQ(flaws(records), (Names(3, "http.content_broken")));
  EXPECT_EQ(of_type(records, "http").size(), 5u);
}

TEST(Http1Limits, BodiesAreKeptToTheirCapAndRedacted) {
  std::string packed(200, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
  std::string text = "the beginning, and then what is beyond the cap of twenty bytes";
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);

  Setting setting;
  setting.dissect.bodies = 20;
  const std::string form = "user=a&password=secret";
  const Script script =
      Script()
          .client(
              "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded"
              "\r\nContent-Length: 22\r\n\r\n" +
              form)
          .server("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                  std::to_string(packed.size()) + "\r\n\r\n" + packed);
  const auto record = of_type(testing::play_in_every_cut(script, kProtocol, setting), "http")[0];
  EXPECT_EQ(record["response_body"], "the beginning, and t");
  EXPECT_EQ(record["response_body_bytes"], text.size());
  EXPECT_EQ(record["response_body_wire_bytes"], packed.size());
  EXPECT_EQ(record["request_body"], "user=a&password=[redacted]");
  const auto undecoded = of_type(play(script, kProtocol), "http")[0];
  EXPECT_FALSE(undecoded.contains("response_body"));
  EXPECT_FALSE(undecoded.contains("response_body_bytes"));
}

}  // namespace
}  // namespace wirelens::http1
