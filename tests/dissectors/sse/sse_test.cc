// Server-sent events over HTTP/1, in every cut.
#include "sse/sse.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>

#include "http1/http1.h"
#include "sse/event_stream.h"
#include "support/dissect.h"

namespace wirelens::sse {
namespace {

using testing::flaws;
using testing::of_type;
using testing::play;
using testing::play_in_every_cut;
using testing::Records;
using testing::Script;

using Names = std::vector<std::string>;
constexpr const Protocol* kProtocols[] = {&http1::kProtocol, &kProtocol};
constexpr Direction kServer = Direction::from_server;

std::string ask(std::string_view more = "") {
  return "GET /events HTTP/1.1\r\nHost: a.test\r\n" + std::string(more) + "\r\n";
}
std::string head(std::string_view more = "") {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n" +
         std::string(more) + "\r\n";
}
/// "type[#id]:preview(bytes)" of every event.
Names told(const Records& records) {
  Names all;
  for (const auto& each : of_type(records, "sse_event")) {
    std::string text = each["event"];
    if (each.contains("id")) text += "#" + each["id"].get<std::string>();
    if (each.contains("retry")) text += "@" + std::to_string(each["retry"].get<int>());
    text +=
        ":" + each.value("preview", "") + "(" + std::to_string(each["data_bytes"].get<int>()) + ")";
    all.push_back(text + (each["complete"].get<bool>() ? "" : "!"));
  }
  return all;
}
/// The events of a body, in every cut.
Names events_of(std::string_view body) {
  return told(
      play_in_every_cut(Script().client(ask()).server(head()).server(body).end(), kProtocols));
}
nlohmann::json totals(const Records& records) {
  const Records found = of_type(records, "sse");
  EXPECT_EQ(found.size(), 1u);
  return found.empty() ? nlohmann::json() : found[0];
}

// The examples of WHATWG HTML section 9.2.6.
TEST(Sse, ExamplesOfTheStandard) {
  EXPECT_EQ(events_of("data: This is the first message.\n\n"
                      "data: This is the second message, it\ndata: has two lines.\n\n"
                      "data: This is the third message.\n\n"),
            (Names{"message:This is the first message.(26)",
                   "message:This is the second message, it\nhas two lines.(45)",
                   "message:This is the third message.(26)"}));
  EXPECT_EQ(events_of("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n"),
            (Names{"add:73857293(8)", "remove:2153(4)"}));
  EXPECT_EQ(events_of("data: YHOO\ndata: +2\ndata: 10\n\n"), Names{"message:YHOO\n+2\n10(10)"});
  EXPECT_EQ(events_of(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
                      "data:  third event\n"),
            (Names{"message#1:first event(11)", "message#:second event(12)"}));
  EXPECT_EQ(events_of("data\n\ndata\ndata\n\ndata:"), (Names{"message:(0)", "message:\n(1)"}));
  EXPECT_EQ(events_of("data:test\n\ndata: test\n\n"),
            (Names{"message:test(4)", "message:test(4)"}));
}

TEST(Sse, LineEndsOfAllKinds) {
  EXPECT_EQ(events_of("data: a\rdata: b\r\rdata: c\r\n\r\ndata: d\n\ndata: e\r\n\n"),
            (Names{"message:a\nb(3)", "message:c(1)", "message:d(1)", "message:e(1)"}));
  EXPECT_EQ(events_of("\n\n\r\n\rdata: x\n\r\n"), Names{"message:x(1)"});
}

TEST(Sse, ByteOrderMarkOnlyAtTheBeginning) {
  EXPECT_EQ(events_of("\xef\xbb\xbf"
                      "data: a\n\n"),
            Names{"message:a(1)"});
  EXPECT_EQ(events_of("\xef\xbb\xbf\n\xef\xbb\xbf"
                      "data: a\n\ndata: b\n\n"),
            Names{"message:b(1)"});
  EXPECT_EQ(events_of("\xef\xbb"
                      "data: a\ndata: b\n\n"),
            Names{"message:b(1)"});
}

TEST(Sse, Fields) {
  EXPECT_EQ(events_of("datax: no\ndat: no\nDATA: no\ndata : no\ndata: yes\n\n"),
            Names{"message:yes(3)"});
  EXPECT_EQ(events_of("retry: 3000\ndata: a\n\nretry: 12x\ndata: b\n\nretry:\ndata: c\n\n"),
            (Names{"message@3000:a(1)", "message:b(1)", "message:c(1)"}));
  EXPECT_EQ(events_of("event: a\nevent: b\ndata: x\n\ndata: y\n\n"),
            (Names{"b:x(1)", "message:y(1)"}));
  EXPECT_EQ(events_of("event: lonely\n\ndata: x\n\n"), Names{"message:x(1)"});
}

TEST(Sse, AnIdWithNullIsIgnored) {
  const std::string body = std::string("id: 1\ndata: a\n\nid: 2\0x\ndata: b\n\n", 32);
  const Records records =
      play_in_every_cut(Script().client(ask()).server(head() + body).end(), kProtocols);
  EXPECT_EQ(told(records), (Names{"message#1:a(1)", "message:b(1)"}));
  EXPECT_EQ(totals(records)["last_event_id"], "1");
}

TEST(Sse, EventsAreWrittenWhenTheyComeOnAResponseThatNeverEnds) {
  const Records records = play_in_every_cut(Script()
                                                .client(ask("Last-Event-ID: 41\r\n"))
                                                .server(head())
                                                .pause(std::chrono::milliseconds(490))
                                                .server(": warming up\n\n")
                                                .pause(std::chrono::milliseconds(490))
                                                .server("id: 42\ndata: one\n\n")
                                                .pause(std::chrono::milliseconds(990))
                                                .server("data: two\n\ndata: thr"),
                                            kProtocols);
  EXPECT_EQ(told(records), (Names{"message#42:one(3)", "message:two(3)"}));
  const auto all = totals(records);
  EXPECT_EQ(all["events"], 2);
  EXPECT_EQ(all["heartbeats"], 1);
  EXPECT_EQ(all["host"], "a.test");
  EXPECT_EQ(all["path"], "/events");
  EXPECT_DOUBLE_EQ(all["first_event_time"].get<double>(), 1.0);
  EXPECT_DOUBLE_EQ(all["longest_gap"].get<double>(), 1.0);
  EXPECT_DOUBLE_EQ(all["longest_silence"].get<double>(), 1.0);
  EXPECT_TRUE(all["reconnect"].get<bool>());
  EXPECT_EQ(all["resumed_from"], "41");
  EXPECT_TRUE(all["unfinished"].get<bool>());
  EXPECT_FALSE(all["complete"].get<bool>());
  // The first event is there before anything else of the stream.
  EXPECT_EQ(of_type(records, "sse_event")[0]["packet"], 4);
}

TEST(Sse, ThroughChunksAndGzip) {
  std::string packed(1000, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  Script script;
  script.client(ask()).server(head("Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"));
  for (const std::string_view text : {"data: one\n\n", "event: x\ndata: tw", "o\n\n"}) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_SYNC_FLUSH);
    const std::size_t size = packed.size() - stream.avail_out;
    char length[20];
    std::snprintf(length, sizeof length, "%zx\r\n", size);
    script.server(length + packed.substr(0, size) + "\r\n");
  }
  deflateEnd(&stream);
  const Records records = play_in_every_cut(script, kProtocols);
  EXPECT_EQ(told(records), (Names{"message:one(3)", "x:two(3)"}));
}

/// A stream in gzip that is a bomb ends where its caps are, and is a flaw (br and zstd:
/// content_test).
TEST(Sse, BombsAreDefused) {
  std::string zeros(64u << 20, '\0');
  std::string packed(1u << 20, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
  stream.avail_in = static_cast<uInt>(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  const Records records = play(Script()
                                   .client(ask())
                                   .server(head("Content-Encoding: gzip\r\nContent-Length: " +
                                                std::to_string(packed.size()) + "\r\n"))
                                   .server(packed)
                                   .end(),
                               kProtocols);
  EXPECT_EQ(flaws(records), Names{"http.content_bomb"});
  EXPECT_EQ(of_type(records, "sse_event").size(), 0u);
}

TEST(Sse, OtherTypesAreNotRead) {
  const Records records =
      play(Script()
               .client(ask())
               .server("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\ndata: one\n\n")
               .end(),
           kProtocols);
  EXPECT_EQ(of_type(records, "sse").size() + of_type(records, "sse_event").size(), 0u);
}

TEST(Sse, BehindAHoleTheNextLineIsFound) {
  const Records records = play_in_every_cut(Script()
                                                .client(ask())
                                                .server(head())
                                                .server("data: one\n\ndata: tw")
                                                .gap(kServer, 100)
                                                .server("st of a line\ndata: tail\n\n"
                                                        "data: whole\n\n")
                                                .end(),
                                            kProtocols);
  EXPECT_EQ(told(records),
            (Names{"message:one(3)", "message:tw(2)!", "message:tail(4)!", "message:whole(5)"}));
  EXPECT_EQ(totals(records)["missing_bytes"], 100);
  EXPECT_FALSE(totals(records)["complete"].get<bool>());
}

TEST(Sse, LongLinesAreCountedAndNotKept) {
  const std::string body = "data: " + std::string(300'000, 'x') +
                           "\nevent: " + std::string(5000, 'e') +
                           "\nid: " + std::string(5000, 'i') + "\n\n";
  const Records records =
      play(Script().client(ask()).server(head()).server(body).end(), kProtocols);
  const auto event = of_type(records, "sse_event")[0];
  EXPECT_EQ(event["data_bytes"], 300'000);
  EXPECT_EQ(event["preview"], std::string(64, 'x'));
  EXPECT_EQ(event["event"].get<std::string>().size(), kMaxType);
  EXPECT_EQ(event["id"].get<std::string>().size(), kMaxId);
}

TEST(Sse, InvalidUtf8IsToldOnce) {
  const Records records = play_in_every_cut(
      Script().client(ask()).server(head()).server("data: \xff\n\ndata: \xfe\n\n").end(),
      kProtocols);
  EXPECT_EQ(flaws(records), Names{"sse.invalid_utf8"});
}

}  // namespace
}  // namespace wirelens::sse
