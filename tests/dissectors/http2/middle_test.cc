// From the middle of a connection, and behind holes: frames are found again, and nothing is made
// up.
#include <gtest/gtest.h>

#include "dissectors/http2/frames.h"
#include "http2/http2.h"
#include "http2/search.h"
#include "support/dissect.h"

namespace wirelens::http2 {
namespace {

using namespace testing;
using nlohmann::json;
using wirelens::testing::flaws;
using wirelens::testing::of_type;
using wirelens::testing::play;
using wirelens::testing::play_in_every_cut;
using wirelens::testing::Records;
using wirelens::testing::Script;
using wirelens::testing::Setting;
using wirelens::testing::Step;

constexpr auto kClient = Direction::from_client;
constexpr auto kServer = Direction::from_server;

Setting midstream() {
  Setting setting;
  setting.midstream = true;
  return setting;
}

/// What an endpoint says in a frame each, and which exchange it belongs to.
struct Said {
  Direction from;
  std::string bytes;
};

/// Six exchanges whose heads live on the tables: the first one fills them.
std::vector<Said> conversation() {
  std::vector<Said> all;
  all.push_back({kClient, preface() + settings()});
  all.push_back({kServer, settings()});
  all.push_back({kClient, settings_ack()});
  all.push_back({kServer, settings_ack()});
  for (std::uint32_t i = 0; i < 6; ++i) {
    const std::uint32_t id = 2 * i + 1;
    const std::string path = "/" + std::to_string(id);
    std::string request = indexed(kGet) + indexed(kHttp) + plain(kPath, path);
    std::string response = indexed(kOk) + plain("x-stream", std::to_string(id));
    if (i == 0) {
      request += inserted(kAuthority, "a.test") + inserted("user-agent", "test/1");
      response += inserted("server", "unit") + inserted("via", "nobody");
    } else {
      request += indexed(63) + indexed(62);
      response += indexed(63) + indexed(62);
    }
    all.push_back({kClient, headers(id, request)});
    all.push_back({kServer, headers(id, response, flag::kEndHeaders)});
    all.push_back({kServer, data(id, "content " + std::string(id, 'x'), flag::kEndStream)});
    all.push_back({kClient, window_update(0, 9)});
  }
  return all;
}

/// Everything that is told must be true.
void expect_true(const json& http) {
  const int id = http["stream"];
  if (http.contains("path")) {
    EXPECT_EQ(http["path"], "/" + std::to_string(id));
  }
  if (http.contains("method")) {
    EXPECT_EQ(http["method"], "GET");
  }
  if (http.contains("host")) {
    EXPECT_EQ(http["host"], "a.test");
  }
  if (http.contains("status")) {
    EXPECT_EQ(http["status"], 200);
  }
  for (const auto& field : http.value("request_headers", json::array())) {
    EXPECT_EQ(field, json::parse(R"(["user-agent","test/1"])"));
  }
  for (const auto& field : http.value("response_headers", json::array())) {
    const std::string name = field[0];
    EXPECT_EQ(field[1], name == "server" ? "unit" : name == "via" ? "nobody" : std::to_string(id));
  }
  if (http["complete"] == true) {
    EXPECT_EQ(http["response_body_wire_bytes"], 8 + id);
  } else {
    EXPECT_LE(http.value("response_body_wire_bytes", 0), 8 + id);
  }
}

TEST(Http2FromTheMiddle, AtEveryFrame) {
  const std::vector<Said> all = conversation();
  for (std::size_t begin = 4; begin < all.size(); ++begin) {
    Script script;
    for (std::size_t i = begin; i < all.size(); ++i) script.say(all[i].from, all[i].bytes);
    const Records records = play(script.end(), kProtocol, midstream());
    EXPECT_TRUE(flaws(records).empty()) << begin;
    std::size_t whole = 0;
    for (const json& http : of_type(records, "http")) {
      expect_true(http);
      whole += http["complete"] == true;
      const int unknown = begin <= 4 ? 0 : begin == 5 ? 2 : 4;
      if (http["complete"] == true) {
        EXPECT_EQ(http.value("unknown_headers", 0), unknown) << begin;
      }
    }
    // The exchanges that began behind the cut.
    const std::size_t later = (all.size() - begin) / 4;
    EXPECT_EQ(whole, later) << begin;
    const Records sums = of_type(records, "http2");
    ASSERT_LE(sums.size(), 1u);
    if (!sums.empty()) {
      EXPECT_EQ(sums[0]["begun"], "before_capture");
    }
  }
}

TEST(Http2FromTheMiddle, InTheMiddleOfFrames) {
  const std::vector<Said> all = conversation();
  std::string client, server;
  for (const Said& said : all) (said.from == kClient ? client : server) += said.bytes;
  for (std::size_t begin = 30; begin < 150; ++begin) {
    Script script;
    if (begin < client.size()) script.client(client.substr(begin));
    script.server(server.substr(begin)).end();
    const Records records = play(script, kProtocol, midstream());
    for (const json& http : of_type(records, "http")) expect_true(http);
    EXPECT_EQ(of_type(records, "http2").size(), 1u) << begin;
    // What lies far enough behind the cut is told.
    bool last_seen = false;
    for (const json& http : of_type(records, "http")) {
      last_seen = last_seen || http["stream"] == 11;
    }
    EXPECT_TRUE(last_seen) << begin;
  }
}

TEST(Http2FromTheMiddle, EveryCutTellsTheSame) {
  const std::vector<Said> all = conversation();
  Script script;
  for (std::size_t i = 9; i < all.size(); ++i) script.say(all[i].from, all[i].bytes);
  const Records records = play_in_every_cut(script.end(), kProtocol, midstream());
  EXPECT_EQ(of_type(records, "http").size(), 5u);
}

TEST(Http2FromTheMiddle, WhoAsksIsTold) {
  Script script;  // the ports made believe that the server is the client
  script.server(headers(9, get("/a")) + window_update(0, 1));
  script.client(headers(9, ok()) + window_update(0, 1));
  const json http = of_type(play(script.end(), kProtocol, midstream()), "http").at(0);
  EXPECT_EQ(http["path"], "/a");
  EXPECT_EQ(http["status"], 200);
  EXPECT_EQ(http["complete"], true);
}

TEST(Http2FromTheMiddle, ADownloadUnderWay) {
  const std::string part = data(5, std::string(16384, 'x'));
  std::string download = part.substr(9000);
  for (int i = 0; i < 10; ++i) download += part;
  download += data(5, "end", flag::kEndStream) + headers(7, ok());
  Script script;
  for (std::size_t at = 0; at < download.size(); at += 1448) {
    if (at == 14480) script.client(window_update(0, 9) + window_update(5, 9));
    script.server(download.substr(at, 1448));
  }
  const Records records = play(script.end(), kProtocol, midstream());
  const Records exchanges = of_type(records, "http");
  ASSERT_EQ(exchanges.size(), 2u);
  EXPECT_TRUE(flaws(records).empty());
  EXPECT_EQ(exchanges[1]["status"], 200);
}

TEST(Http2Holes, AnywhereNothingIsToldWrongly) {
  const std::vector<Said> all = conversation();
  for (const Direction side : {kClient, kServer}) {
    std::size_t size = 0;
    for (const Said& said : all) size += said.from == side ? said.bytes.size() : 0;
    for (const std::size_t length : {1u, 7u, 13u, 40u, 150u}) {
      for (std::size_t begin = 0; begin + length < size; ++begin) {
        Script script;
        std::size_t at = 0;
        for (const Said& said : all) {
          if (said.from != side) {
            script.say(said.from, said.bytes);
            continue;
          }
          const std::size_t low = std::clamp(begin, at, at + said.bytes.size()) - at;
          const std::size_t high = std::clamp(begin + length, at, at + said.bytes.size()) - at;
          if (low > 0) script.say(side, said.bytes.substr(0, low));
          if (high > low) script.gap(side, high - low);
          if (high < said.bytes.size()) script.say(side, said.bytes.substr(high));
          at += said.bytes.size();
        }
        const Records records = play(script.end(), kProtocol);
        std::size_t whole = 0;
        for (const json& http : of_type(records, "http")) {
          expect_true(http);
          whole += http["complete"] == true;
        }
        // A hole takes what it touches, and the frame behind it at worst.
        if (begin > 60 && length < 40) {
          ASSERT_GE(whole, 3u) << begin << " " << length;
        }
        if (HasFailure()) FAIL() << "hole at " << begin << " of " << length;
      }
    }
  }
}

TEST(Http2Holes, InContentOnlyItSuffers) {
  Script script;
  script.client(preface() + settings() + headers(1, get("/1")) + headers(3, get("/3")));
  script.server(settings() + headers(1, ok(), flag::kEndHeaders));
  const std::string content = data(1, std::string(1000, 'x'), flag::kEndStream);
  script.server(content.substr(0, 100)).gap(kServer, 500).server(content.substr(600));
  script.server(headers(3, ok() + inserted("a", "b")) + headers(3, ok()));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  const Records exchanges = of_type(records, "http");
  ASSERT_EQ(exchanges.size(), 2u);
  EXPECT_EQ(exchanges[0]["complete"], false);
  EXPECT_EQ(exchanges[0]["response_body_wire_bytes"], 500);
  EXPECT_EQ(exchanges[1]["complete"], true);
  EXPECT_FALSE(exchanges[1].contains("unknown_headers"));
}

TEST(Http2Holes, ALostFieldSectionTakesTheTableWithIt) {
  Script script;
  script.client(preface() + settings());
  script.server(settings());
  script.client(headers(1, get("/1") + inserted("a", "1")));
  const std::string lost = headers(3, get("/3") + inserted("b", "2"));
  script.client(lost.substr(0, 15)).gap(kClient, 10).client(lost.substr(25));
  // 63 would be "a: 1", if nothing had been inserted in the hole.
  script.client(headers(5, get("/5") + indexed(63) + inserted("c", "3")));
  script.client(headers(7, get("/7") + indexed(62) + indexed(64)));
  for (const std::uint32_t id : {1u, 3u, 5u, 7u}) script.server(headers(id, ok()));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  const Records exchanges = of_type(records, "http");
  ASSERT_EQ(exchanges.size(), 4u);
  EXPECT_FALSE(exchanges[1].contains("path"));
  EXPECT_EQ(exchanges[1]["complete"], false);
  EXPECT_EQ(exchanges[2]["path"], "/5");
  EXPECT_EQ(exchanges[2]["unknown_headers"], 1);
  EXPECT_EQ(exchanges[3]["request_headers"], json::parse(R"([["c","3"]])"));
  EXPECT_EQ(exchanges[3]["unknown_headers"], 1);
  EXPECT_EQ(of_type(records, "http2").at(0)["client"]["lost_field_sections"], 1);
}

TEST(Http2Search, JunkIsNoFrame) {
  const std::string zeros(3000, '\0');
  EXPECT_EQ(find_frame(as_bytes(zeros), kDefaultFrameSize, false).what, Finding::What::nothing);
  std::string text;
  while (text.size() < 3000) text += "all sorts of words, none of which is a frame; ";
  EXPECT_EQ(find_frame(as_bytes(text), kDefaultFrameSize, true).what, Finding::What::nothing);
  const std::string frames = text + headers(5, ok()) + data(5, "x");
  const Finding found = find_frame(as_bytes(frames), kDefaultFrameSize, false);
  EXPECT_EQ(found.what, Finding::What::frame);
  EXPECT_EQ(found.junk, text.size());
}

TEST(Http2Search, OtherProtocolsAreNotTakenForIt) {
  using namespace std::string_literals;
  for (const std::string& first :
       {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"s, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s,
        "SSH-2.0-OpenSSH_9.2\r\n"s, "\x4a\x00\x00\x00\x0a\x35\x2e\x37\x2e\x33\x31"s,
        "\x00\x00\x00\x55\xff\x53\x4d\x42\x72\x00\x00\x00\x00"s,
        "\x00\x00\x00\x08\x04\xd2\x16\x2f"s, "* OK IMAP4rev1 ready\r\n"s}) {
    EXPECT_NE(kProtocol.probe(kClient, as_bytes(first)), Fit::certain) << first;
  }
}

// ---- streams whose END_STREAM was missed --------------------------------------------------------

std::string get(std::uint32_t id) {
  return headers(id, indexed(kGet) + indexed(kHttp) + plain(kPath, "/" + std::to_string(id)));
}
std::string answer(std::uint32_t id, unsigned flags, std::string_view more = {}) {
  return headers(id, indexed(kOk) + std::string(more), flag::kEndHeaders | flags);
}
Script opened(const std::string& client_settings = settings(),
              const std::string& server_settings = settings()) {
  Script script;
  script.client(preface() + client_settings).server(server_settings + settings_ack());
  script.client(settings_ack());
  return script;
}
/// "5 - GET 200 complete" of each exchange, in the order in which they are told.
std::vector<std::string> told(const Records& records) {
  std::vector<std::string> all;
  for (const json& http : of_type(records, "http")) {
    all.push_back(std::to_string(http["stream"].get<int>()) + " " + http.value("method", "?") +
                  " " + std::to_string(http.value("status", 0)) +
                  (http["complete"] == true ? " complete" : " part"));
  }
  return all;
}
json summary(const Records& records) {
  return of_type(records, "http2").at(0);
}

TEST(Http2EndsMissed, AResponseThatEndedTellsThatItsRequestHad) {
  Script script = opened();
  script.client(get(1)).server(answer(1, flag::kEndStream));
  script.gap(kClient, get(3).size());
  script.client(get(5)).server(answer(3, flag::kEndStream) + answer(5, flag::kEndStream));
  // 3 is told a second behind, while the connection goes on.
  script.pause(std::chrono::seconds(2)).client(get(7)).server(answer(7, flag::kEndStream));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_EQ(told(records), (std::vector<std::string>{"1 GET 200 complete", "5 GET 200 complete",
                                                     "3 ? 200 part", "7 GET 200 complete"}));
  EXPECT_EQ(summary(records)["ends_missed"], 1);
  EXPECT_FALSE(summary(records).contains("unfinished"));
}

/// As long as frames of the client are looked for, its request may be on its way.
TEST(Http2EndsMissed, ARequestThatIsFoundLaterIsWaitedFor) {
  Script script = opened();
  script.gap(kClient, get(1).size());
  script.client(get(3)).server(answer(1, flag::kEndStream)).server(answer(3, flag::kEndStream));
  script.client(get(5)).server(answer(5, flag::kEndStream));
  script.pause(std::chrono::seconds(20)).client(get(7)).server(answer(7, flag::kEndStream));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_EQ(told(records), (std::vector<std::string>{"3 GET 200 complete", "5 GET 200 complete",
                                                     "1 ? 200 part", "7 GET 200 complete"}));
  EXPECT_EQ(summary(records)["ends_missed"], 1);
}

TEST(Http2EndsMissed, ContentOfTheAnnouncedLengthIsAllThereIs) {
  const std::string last = data(1, "", flag::kEndStream);
  Script script = opened();
  script.client(get(1)).server(answer(1, 0, plain(kContentLength, "5")) + data(1, "hello"));
  script.gap(kServer, last.size());
  script.client(get(3)).server(answer(3, flag::kEndStream)).server(answer(3, flag::kEndStream));
  const Records records = play(script.end(), kProtocol);
  EXPECT_EQ(told(records), (std::vector<std::string>{"1 GET 200 complete", "3 GET 200 complete"}));
  EXPECT_FALSE(summary(records).contains("ends_missed"));
}

TEST(Http2EndsMissed, TheLimitOfStreamsTellsWhichAreOver) {
  Script script =
      opened(settings(), settings({{wirelens::http2::Setting::max_concurrent_streams, 2}}));
  script.client(get(1) + get(3));
  script.gap(kServer, answer(1, flag::kEndStream).size());
  script.server(answer(3, flag::kEndStream) + window_update(0, 1));
  // With two allowed, 1 must be over when 5 and 7 are open.
  script.client(get(5)).client(get(7));
  script.server(answer(5, flag::kEndStream) + answer(7, flag::kEndStream));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_EQ(told(records), (std::vector<std::string>{"3 GET 200 complete", "1 GET 0 part",
                                                     "5 GET 200 complete", "7 GET 200 complete"}));
  EXPECT_EQ(summary(records)["ends_missed"], 1);
}

TEST(Http2EndsMissed, SilenceBehindAHoleEndsThem) {
  Script script = opened();
  script.client(get(1) + get(3));
  script.gap(kServer, answer(1, flag::kEndStream).size());
  script.server(answer(3, flag::kEndStream));
  for (std::uint32_t id = 5; id < 15; id += 2) {
    script.pause(std::chrono::seconds(20)).client(get(id)).server(answer(id, flag::kEndStream));
  }
  const std::vector<std::string> all = told(play(script.end(), kProtocol));
  ASSERT_EQ(all.size(), 7u);
  EXPECT_EQ(all[3], "1 GET 0 part") << "told between 7 and 9, a minute behind the hole";
}

/// Whoever streams on is believed, however long it takes.
TEST(Http2EndsMissed, AResponseThatGoesOnIsNotGivenUp) {
  Script script = opened();
  script.client(get(1)).server(answer(1, 0));
  script.gap(kServer, data(1, "lost").size());
  for (int i = 0; i < 10; ++i) {
    script.pause(std::chrono::seconds(40)).server(data(1, "more"));
  }
  script.server(data(1, "last", flag::kEndStream));
  const Records records = play(script.end(), kProtocol);
  EXPECT_EQ(told(records), (std::vector<std::string>{"1 GET 200 part"}));
  EXPECT_EQ(of_type(records, "http")[0]["response_body_wire_bytes"], 44);
}

/// Streams whose end may have been missed are not open at once with those that came later.
TEST(Http2EndsMissed, DoNotCountAsConcurrent) {
  for (const Direction lost : {kClient, kServer}) {
    Script script;
    script.client(preface() + settings()).server(settings() + settings_ack());
    for (std::uint32_t id = 1; id < 80; id += 2) {
      const std::string body = data(id, "body", flag::kEndStream);
      script.client(headers(id, post("/"), flag::kEndHeaders));
      lost == kClient ? script.gap(kClient, body.size()) : script.client(body);
      script.server(headers(id, ok(), flag::kEndHeaders));
      lost == kServer ? script.gap(kServer, body.size()) : script.server(body);
    }
    const Records records = play(script.end(), kProtocol);
    const json sum = of_type(records, "http2").at(0);
    EXPECT_EQ(sum["streams"], 40);
    EXPECT_LE(sum["largest_concurrent"], 2) << (lost == kClient ? "requests" : "responses");
  }
}

}  // namespace
}  // namespace wirelens::http2
