// The dissector as a whole: exchanges, their pairing and their times, in every cut.
#include "http1/http1.h"

#include <gtest/gtest.h>

#include "support/dissect.h"

namespace wirelens::http1 {
namespace {

using testing::flaws;
using testing::of_type;
using testing::play;
using testing::play_in_every_cut;
using testing::Records;
using testing::Script;
using testing::Setting;

constexpr std::string_view kGet = "GET /hello.txt HTTP/1.1\r\nHost: shop.test\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

Records exchanges(const Records& records) {
  return of_type(records, "http");
}

/// "GET /a 200" for each exchange; "-" for what was not seen; "!" behind what is not complete.
std::vector<std::string> told(const Records& records) {
  std::vector<std::string> lines;
  for (const auto& record : exchanges(records)) {
    std::string line = record.value("method", "-") + " " + record.value("path", "-") + " ";
    line += record.contains("status") ? std::to_string(record["status"].get<int>()) : "-";
    if (!record["complete"].get<bool>()) line += " !";
    lines.push_back(line);
  }
  return lines;
}
using Told = std::vector<std::string>;

TEST(Http1, TellsOfAnExchange) {
  Setting setting;
  setting.handshake = std::chrono::milliseconds(7);
  const Records records = play_in_every_cut(
      Script()
          .client("GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\n")
          .client("Host: www.example.com:8080\r\nAccept-Language: en, mi\r\n\r\n")
          .server("HTTP/1.1 200 OK\r\nServer: Apache\r\nContent-Length: 51\r\n")
          .server("Content-Type: text/plain\r\n\r\nHello World! My content includes a ")
          .server("trailing CRLF.\r\n")
          .end(),
      kProtocol, setting);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0], nlohmann::json::parse(R"({"type":"http_request",
      "ts":"1970-01-01T00:00:00.010000000Z","version":"1.1","method":"GET",
      "host":"www.example.com:8080","path":"/hello.txt","packet":1})"));
  EXPECT_EQ(records[1], nlohmann::json::parse(R"({"type":"http",
      "ts":"1970-01-01T00:00:00.010000000Z","version":"1.1","method":"GET","scheme":"http",
      "host":"www.example.com:8080","path":"/hello.txt","status":200,"reason":"OK",
      "request_headers":[["User-Agent","curl/7.64.1"],["Host","www.example.com:8080"],
                         ["Accept-Language","en, mi"]],
      "response_headers":[["Server","Apache"],["Content-Length","51"],
                          ["Content-Type","text/plain"]],
      "response_body_bytes":51,"response_body_wire_bytes":51,"content_type":"text/plain",
      "request_packet":1,"response_packet":3,"reused":false,"complete":true,
      "timing":{"connect":0.007,"send":0.01,"wait":0.01,"receive":0.02}})"));
}

TEST(Http1, RedactsUnlessAsked) {
  const Script script =
      Script()
          .client(
              "GET /a?token=s3cret&x=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cret\r\n"
              "Cookie: id=s3cret; b=s3cret\r\nX-Api-Key: s3cret\r\n"
              "Referer: http://u:s3cret@b/?password=s3cret\r\n\r\n")
          .server(
              "HTTP/1.1 302 Found\r\nSet-Cookie: id=s3cret; Path=/; Secure\r\n"
              "Location: /b?access_token=s3cret#x\r\nContent-Length: 0\r\n\r\n");
  const Records hidden = play_in_every_cut(script, kProtocol);
  for (const auto& record : hidden) {
    EXPECT_EQ(record.dump().find("s3cret"), std::string::npos) << record;
  }
  EXPECT_EQ(hidden[0]["path"], "/a?token=[redacted]&x=1");
  EXPECT_EQ(hidden[1]["request_headers"][1][1], "Bearer [redacted]");
  EXPECT_EQ(hidden[1]["request_headers"][2][1], "id=[redacted]; b=[redacted]");
  EXPECT_EQ(hidden[1]["request_headers"][4][1], "http://[redacted]@b/?password=[redacted]");
  EXPECT_EQ(hidden[1]["response_headers"][0][1], "id=[redacted]; Path=/; Secure");
  EXPECT_EQ(hidden[1]["response_headers"][1][1], "/b?access_token=[redacted]#x");

  Setting setting;
  setting.dissect.show_secrets = true;
  const Records shown = play(script, kProtocol, setting);
  EXPECT_EQ(shown[0]["path"], "/a?token=s3cret&x=1");
  EXPECT_EQ(shown[1]["request_headers"][2][1], "id=s3cret; b=s3cret");
}

TEST(Http1, PairsPipelinedRequestsInOrder) {
  const Records records = play_in_every_cut(
      Script()
          .client("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n")
          .client("POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
          .server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")
          .server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
          .end(),
      kProtocol);
  EXPECT_EQ(told(records), (Told{"GET /1 200", "HEAD /2 200", "POST /3 204"}));
  const Records all = exchanges(records);
  EXPECT_FALSE(all[0]["timing"].contains("blocked"));
  EXPECT_DOUBLE_EQ(all[1]["timing"]["blocked"], 0.02);  // packet 1 to packet 3
  EXPECT_DOUBLE_EQ(all[1]["timing"]["wait"], 0.01);
  EXPECT_FALSE(all[1].contains("response_body_bytes"));
  EXPECT_EQ(all[2]["request_body_bytes"], 3);
  EXPECT_TRUE(all[2]["reused"]);
}

TEST(Http1, ReadsChunksExtensionsAndTrailers) {
  const Records records = play_in_every_cut(
      Script()
          .client(kGet)
          .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5;quality=1;note=\"a; b\"\r\nhello\r\n00A\r\n, dear you\r\n1  \r\n.\r\n"
                  "0;last\r\nX-Checksum: 42\r\nVary: *\r\n\r\n")
          .client("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
          .server(kOk),
      kProtocol);
  EXPECT_EQ(told(records), (Told{"GET /hello.txt 200", "GET /2 200"}));
  EXPECT_EQ(exchanges(records)[0]["response_body_wire_bytes"], 16);
  EXPECT_TRUE(flaws(records).empty());
}

TEST(Http1, InterimResponsesAreNotTheAnswer) {
  const Records records = play_in_every_cut(
      Script()
          .client("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
          .server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
          .client("abcd")
          .server("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
      kProtocol);
  EXPECT_EQ(told(records), Told{"PUT /x 201"});
  EXPECT_EQ(exchanges(records)[0]["response_packet"], 4);
}

TEST(Http1, ContentToTheCloseIsCompleteWithFin) {
  const Script begin = Script().client(kGet).server("HTTP/1.0 200 OK\r\n\r\nsome text");
  EXPECT_EQ(told(play_in_every_cut(Script(begin).server(" and more").end(), kProtocol)),
            Told{"GET /hello.txt 200"});
  EXPECT_EQ(told(play(Script(begin).end(Direction::from_server, false), kProtocol)),
            Told{"GET /hello.txt 200 !"});
  EXPECT_EQ(told(play(begin, kProtocol)), Told{"GET /hello.txt 200 !"});
}

TEST(Http1, NoContentWhereFramingSaysSo) {
  const Records records =
      play_in_every_cut(Script()
                            .client("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
                            .server("HTTP/1.1 304 Not Modified\r\nContent-Length: 900\r\n\r\n")
                            .client("HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                            .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                            .client("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
                            .server("HTTP/1.1 204 No Content\r\n\r\n"),
                        kProtocol);
  EXPECT_EQ(told(records), (Told{"GET /1 304", "HEAD /2 200", "GET /3 204"}));
}

TEST(Http1, WhoAsksIsTheClientWhateverThePortsSay) {
  const Records records = play_in_every_cut(Script()
                                                .say(Direction::from_server, kGet)
                                                .say(Direction::from_client, kOk)
                                                .say(Direction::from_server, kGet)
                                                .say(Direction::from_client, kOk),
                                            kProtocol);
  EXPECT_EQ(told(records), (Told{"GET /hello.txt 200", "GET /hello.txt 200"}));
}

TEST(Http1, SimpleRequestsOfHttp09) {
  const Records records = play_in_every_cut(
      Script().client("GET /old.html\r\n").server("<html>old</html>").end(), kProtocol);
  EXPECT_EQ(told(records), Told{"GET /old.html -"});
  const auto record = exchanges(records)[0];
  EXPECT_EQ(record["version"], "0.9");
  EXPECT_EQ(record["response_body_wire_bytes"], 16);
  EXPECT_EQ(record["response_packet"], 2);
}

TEST(Http1, ManyRequestsOfOneSideAreAllTold) {
  Script script;
  std::string burst;
  for (int i = 0; i < 100; ++i)
    burst += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  for (int i = 0; i < 1000; ++i) script.client(burst);
  const Protocol* const protocols[] = {&kProtocol};
  Setting setting;
  setting.memory = 2u << 20;
  const auto lines = testing::play_lines(script, protocols, setting);
  EXPECT_EQ(lines.size(), 200000u);
}

}  // namespace
}  // namespace wirelens::http1
