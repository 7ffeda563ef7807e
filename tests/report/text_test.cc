// report/text_test.cc - the report of hand-made runs: right figures, no line too long, nothing of
// the wire that could act on a terminal.
#include "report/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "base/figures.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr Timestamp kStart = timestamp_ns(1'795'208'444'000'000'000);  // 2026-11-20 21:00:44

std::string report_of(const Summary& summary, unsigned width, bool colour = false) {
  return text_of(summary, {.colour = colour, .width = width});
}

template <class Record>
void tell(Summary& summary, const Record& record, Timestamp time = kStart) {
  summary.add(Event(time, std::nullopt, record));
}

void begin(Summary& summary, std::string_view file = "shop.pcapng") {
  CaptureBegin record;
  record.files = {&file, 1};
  record.first_ts = kStart;
  tell(summary, record);
}

void end(Summary& summary, CaptureEnd record = {}) {
  record.packets = 1'400'202;
  record.bytes = 1'100'000'000;
  record.last_ts = kStart + 16'700ms;
  tell(summary, record);
}

Connection connection(std::string_view client, std::string_view server, Close close) {
  Connection record;
  record.transport = "tcp";
  record.client = {client, 40'122};
  record.server = {server, 8080};
  record.first_packet = 12;
  record.close = close;
  record.sent.packets = record.received.packets = 10;
  return record;
}

Exchange exchange(std::string_view host, std::string_view path, std::optional<std::uint16_t> status,
                  Duration wait) {
  Exchange record;
  record.method = "GET";
  record.host = host;
  record.path = path;
  record.status = status;
  record.complete = status.has_value();
  record.request_packet = 88'120;
  if (status) {
    record.timing.send = 1ms;
    record.timing.wait = wait;
    record.timing.receive = 2ms;
  }
  return record;
}

/// Every kind of line there is, with text that wants to be more than text.
void tell_everything(Summary& summary, std::string_view hostile) {
  begin(summary, hostile);
  const std::string_view names[] = {"http1", hostile};
  for (std::size_t close = 0; close < Summary::kCloses; ++close) {
    Connection record =
        connection("2001:db8::aaaa:bbbb:cccc:dddd", "2001:db8::1", static_cast<Close>(close));
    record.server_name = hostile;
    record.protocols = names;
    record.handshake_rtt = 12ms;
    record.received.retransmitted_packets = 5;
    record.received.timeouts = 3;
    record.received.fast_retransmits = 2;
    record.received.spurious = 1;
    record.sent.missing_bytes = 100'000;
    record.sent.capture_duplicates = 3;
    record.sent.acked_before_seen = 2;
    record.sent.out_of_order = 4;
    record.sent.zero_windows = 2;
    record.sent.zero_window_time = 1500ms;
    record.midstream = record.one_sided = true;
    record.evicted = hostile;
    tell(summary, record);
  }
  tell(summary, exchange(hostile, hostile, 200, 3900ms));
  tell(summary, exchange(hostile, hostile, 503, 41ms));
  tell(summary, exchange(hostile, hostile, std::nullopt, 0ms));
  tell(summary, FlawSeen{hostile, "RFC", 4, {}, {}});
  const CaptureEnd::Count counts[] = {{hostile, 3}};
  const CaptureEnd::Unseen unseen[] = {{hostile, hostile, 2}};
  const CaptureEnd::Damage damage[] = {{hostile, 123'456, hostile}};
  CaptureEnd record;
  record.malformed = record.limits = counts;
  record.not_observable = unseen;
  record.damage = damage;
  record.truncated_packets = 9;
  record.dropped = {.kernel = 4, .interface = 5};
  end(summary, record);
}

void expect_fits(const std::string& text, std::size_t width) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = text.find('\n', at);
    ASSERT_NE(stop, std::string::npos) << "the last line ends";
    const std::string line = text.substr(at, stop - at);
    EXPECT_LE(display_width(line), width) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
    at = stop + 1;
  }
  EXPECT_THAT(text, Not(HasSubstr("\n\n\n")));
}

void expect_harmless(const std::string& text) {
  std::string_view rest = text;
  for (; !rest.empty(); rest.remove_prefix(first_scalar(rest).length)) {
    const Scalar scalar = first_scalar(rest);
    ASSERT_TRUE(scalar.valid);
    ASSERT_TRUE(scalar.value == '\n' || !acts(scalar.value));
  }
}

TEST(TextReport, TellsTheAnswerFirst) {
  Summary summary;
  begin(summary);
  for (int i = 0; i < 3; ++i) tell(summary, connection("10.77.0.1", "10.77.1.1", Close::fin));
  tell(summary, connection("10.77.0.1", "10.77.1.2", Close::refused));
  tell(summary, exchange("shop.test", "/checkout", 200, 3900ms));
  tell(summary, exchange("shop.test", "/stock", 502, 41ms));
  end(summary);
  const std::string text = report_of(summary, 80);
  EXPECT_TRUE(text.starts_with(
      "shop.pcapng  1,400,202 packets, 1.1 GB, 16.7 s from 2026-11-20 21:00:44 UTC\n\n"
      "No findings\n\n"
      "Connections  4   closed 3 · refused 1\n"
      "Exchanges    2   2xx 1 · 5xx 1 · wait p50 41 ms, p95 3.9 s\n"
      "Refused by   10.77.1.2:8080 1 (packet 12)\n"))
      << text;
  EXPECT_THAT(text, HasSubstr("  GET shop.test/checkout     200  3.9 s  3.9 s  88,120\n"));
  EXPECT_THAT(text, HasSubstr("  GET shop.test/stock     502      1  88,120\n"));
  EXPECT_THAT(text, HasSubstr("Next         wirelens analyze -w "));
  EXPECT_THAT(text, HasSubstr(" shop.pcapng   "));
  EXPECT_THAT(text, Not(HasSubstr("Resent")));
  EXPECT_THAT(text, Not(HasSubstr("Malformed")));
  EXPECT_THAT(text, Not(HasSubstr("Damaged")));
}

TEST(TextReport, NothingEmptyIsShown) {
  Summary summary;
  std::string_view file = "empty.pcap";
  CaptureBegin record;
  record.files = {&file, 1};
  tell(summary, record);
  tell(summary, CaptureEnd{});
  EXPECT_EQ(report_of(summary, 80), "empty.pcap  0 packets\n");
}

TEST(TextReport, KeepsToItsWidth) {
  const std::string long_text(3000, 'x');
  const std::string wide_text =
      "日本語テキスト日本語テキスト日本語テキスト日本語テキスト日本語テキスト";
  for (const std::string& text : {std::string("shop.test"), long_text, wide_text,
                                  "words " + wide_text + " and words", std::string()}) {
    for (const unsigned width : {40u, 60u, 80u, 200u}) {
      Summary summary;
      tell_everything(summary, text);
      SCOPED_TRACE(width);
      const std::string report = report_of(summary, width);
      expect_fits(report, width);
      expect_harmless(report);
    }
  }
}

TEST(TextReport, NothingOfTheWireActs) {
  std::mt19937 random(4);
  const std::string_view pieces[] = {"\x1b[2J", "\r",           "\n",       "\xc2\x9b", "\xff",
                                     "\x7f",    "\xe2\x80\xae", "\xe2\x81", "\0",       "/a b"};
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (auto left = random() % 40; left > 0; --left) {
      if (random() % 2 == 0) {
        text += static_cast<char>(random() & 0xFF);
      } else {
        text += pieces[random() % std::size(pieces)];
      }
    }
    Summary summary;
    tell_everything(summary, text);
    const std::string report = report_of(summary, 60 + static_cast<unsigned>(random() % 60));
    expect_harmless(report);
    if (HasFatalFailure()) return;
  }
}

TEST(TextReport, ColoursOnlyWhenAsked) {
  Summary summary;
  tell_everything(summary, "\x1b[31mred");
  EXPECT_THAT(report_of(summary, 80), Not(HasSubstr("\x1b")));
  const std::string colourful = report_of(summary, 80, true);
  EXPECT_THAT(colourful, HasSubstr("\x1b[1mConnections\x1b[0m"));
  EXPECT_THAT(colourful, Not(HasSubstr("\x1b[31m")));
}

TEST(TextReport, ShowsAllThereIs) {
  Summary summary;
  tell_everything(summary, "shop.test");
  const std::string text = report_of(summary, 200);
  for (const char* part :
       {"Damaged      shop.test at byte 123,456: shop.test",
        "Connections  7   closed 1",
        "7 began before the capture",
        "Handshakes   7   round trip p50 12 ms, p95 12 ms",
        "Protocols    http1 7 · shop.test 7",
        "Resent       35 of 140 packets (25 %) in 7 connections · by timeout 21 · fast 14",
        "needless 7",
        "Reordered    28 packets (20 %)",
        "missed 700 kB",
        "21 packets seen twice",
        "14 segments seen after the ACK",
        "9 packets cut by the snapshot length",
        "dropped by the kernel 4",
        "Zero window  14 times, 10.5 s in all",
        "Refused by   [2001:db8::1]:8080 1",
        "No answer    [2001:db8::1]:8080 1",
        "Reset by     [2001:db8::1]:8080 1",
        "Malformed    shop.test 3",
        "no response",
        "Most resent",
        "Not seen     shop.test (2)",
        "Limits       shop.test 3"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(TextReport, GraveFailuresComeFirst) {
  Summary summary;
  begin(summary);
  for (int i = 0; i < 30; ++i) {
    tell(summary, exchange("shop.test", "/missing" + std::to_string(i % 10), 404, 1ms));
  }
  tell(summary, exchange("shop.test", "/pay?card=1", 504, 1ms));
  tell(summary, exchange("shop.test", "/pay?card=2", 504, 1ms));
  tell(summary, exchange("shop.test", "/basket", std::nullopt, 0ms));
  end(summary);
  const std::string text = report_of(summary, 80);
  EXPECT_LT(text.find("GET shop.test/pay "), text.find("no response      1"));
  EXPECT_LT(text.find("no response      1"), text.find("404      3"));
  EXPECT_THAT(text, HasSubstr("  6 more\n"));
}

TEST(TextReport, TellsOfTls) {
  Summary summary;
  begin(summary);
  Connection carrier = connection("10.77.0.1", "10.77.1.1", Close::fin);
  const std::string_view spoken[] = {"tls"};
  carrier.protocols = spoken;
  for (int i = 0; i < 3; ++i) tell(summary, carrier);
  TlsSession session;
  session.version = "TLS 1.3";
  session.established = true;
  session.resumed = true;
  session.handshake_time = 3ms;
  tell(summary, session);
  session = {};
  session.version = "TLS 1.3";
  const TlsAlert alerts[] = {{Direction::from_server, "warning", "unrecognized_name", 7},
                             {Direction::from_client, "fatal", "unknown_ca", 8}};
  session.alerts = alerts;
  tell(summary, session);
  session = {};
  session.not_tls = NotTls{Direction::from_server, "HTTP/1.1 400", 12};
  tell(summary, session);
  end(summary);
  const std::string text = report_of(summary, 100);
  EXPECT_THAT(text, HasSubstr("Protocols    tls 3 (all 1.3)\n"));
  EXPECT_THAT(text, HasSubstr("TLS          3   TLS 1.3 2 · resumed 1 · failed 2 · "
                              "handshake p50 3.0 ms, p95 3.0 ms\n"));
  EXPECT_THAT(text, HasSubstr("TLS failed   client: unknown_ca 1 (packet 8) · "
                              "server: not TLS 1 (packet 12)\n"));
}

TEST(TextReport, WhatIsMeantToLastIsNotSlow) {
  Summary summary;
  begin(summary);
  Exchange stream = exchange("shop.test", "/events", 200, 1ms);
  stream.content_type = "text/event-stream";
  stream.timing.receive = 40s;
  tell(summary, stream);
  Exchange answer_only = exchange("shop.test", "/", 200, 50s);
  answer_only.method.reset();
  tell(summary, answer_only);
  tell(summary, exchange("shop.test", "/slow", 200, 4s));
  end(summary);
  const std::string text = report_of(summary, 80);
  EXPECT_THAT(text, HasSubstr("Slowest exchanges     status  total   wait  packet\n"
                              "  GET shop.test/slow     200  4.0 s  4.0 s  88,120\n\n"));
}

TEST(TextReport, AServerIsOneWhateverThePortInItsName) {
  Summary summary;
  begin(summary);
  Connection record = connection("10.0.0.1", "10.0.0.2", Close::fin);
  record.server_name = "shop.test";
  tell(summary, record);
  tell(summary, exchange("shop.test:8080", "/", 200, 1ms));
  tell(summary, exchange("[2001:db8::1]:8080", "/", 200, 1ms));
  tell(summary, exchange("2001:db8::1", "/", 200, 1ms));
  tell(summary, exchange(":", "/", 200, 1ms));
  end(summary);
  EXPECT_EQ(summary.servers.at("shop.test").exchanges, 1u);
  EXPECT_EQ(summary.servers.at("shop.test").connections, 1u);
  EXPECT_EQ(summary.servers.at("[2001:db8::1]").exchanges, 1u);
  EXPECT_EQ(summary.servers.at("2001:db8::1").exchanges, 1u);
}

TEST(TextReport, InterimRecordsAreNotConnections) {
  Summary summary;
  begin(summary);
  Connection record = connection("10.0.0.1", "10.0.0.2", Close::open);
  record.interim = true;
  tell(summary, record);
  record.interim.reset();
  tell(summary, record);
  end(summary);
  EXPECT_THAT(report_of(summary, 80), HasSubstr("Connections  1   open 1\n"));
}

TEST(TextReport, NamesOfFilesAreQuotedForTheShell) {
  const auto next_of = [](std::string_view file) {
    Summary summary;
    begin(summary, file);
    end(summary);
    return report_of(summary, 80);
  };
  EXPECT_THAT(next_of("a b.pcap"), HasSubstr(" 'a b.pcap'   "));
  EXPECT_THAT(next_of("it's.pcap"), Not(HasSubstr("Next")));
  EXPECT_THAT(next_of("-"), Not(HasSubstr("Next")));
  EXPECT_TRUE(next_of("-").starts_with("standard input  "));
}

TEST(Figures, ReadLikeAPersonWrites) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'000), "1,000");
  EXPECT_EQ(count_text(1'400'202), "1,400,202");
  EXPECT_EQ(counted(1, "packet"), "1 packet");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1'000), "1.0 kB");
  EXPECT_EQ(bytes_text(999'999), "1.0 MB");
  EXPECT_EQ(bytes_text(1'100'000'000), "1.1 GB");
  EXPECT_EQ(bytes_text(UINT64_MAX), "18 EB");
  EXPECT_EQ(duration_text(0ns), "0 ns");
  EXPECT_EQ(duration_text(999'900ns), "1.0 ms");
  EXPECT_EQ(duration_text(41ms), "41 ms");
  EXPECT_EQ(duration_text(3'100us), "3.1 ms");
  EXPECT_EQ(duration_text(16'700ms), "16.7 s");
  EXPECT_EQ(duration_text(412s), "412 s");
  EXPECT_EQ(duration_text(15min), "15 min");
  EXPECT_EQ(duration_text(200min), "3 h 20 min");
  EXPECT_EQ(duration_text(52h), "2 d 4 h");
  EXPECT_EQ(duration_text(-5ms), "-5.0 ms");
  EXPECT_EQ(share_text(0, 5), "0.00 %");
  EXPECT_EQ(share_text(1, 1'000'000), "<0.01 %");
  EXPECT_EQ(share_text(12, 10'000), "0.12 %");
  EXPECT_EQ(share_text(1, 8), "12 %");
}

TEST(DurationTally, QuantilesAreWithinFourPercent) {
  std::mt19937 random(8);
  DurationTally tally;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::int64_t>(random() % 1'000'000) * (1 << (random() % 20)));
    tally.add(Duration(values.back()));
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.0, 0.01, 0.5, 0.95, 0.99, 1.0}) {
    const auto rank = static_cast<std::size_t>(share * 20'000);
    const auto exact = static_cast<double>(values[std::min<std::size_t>(rank, 19'999)]);
    EXPECT_NEAR(static_cast<double>(tally.quantile(share).count()), exact, exact * 0.04 + 20'000);
  }
  DurationTally one;
  one.add(41ms);
  EXPECT_EQ(one.quantile(0.5), 41ms);
  one.add(Duration::max());
  EXPECT_GT(one.quantile(1), Duration::max() / 100 * 96);
  EXPECT_EQ(DurationTally().quantile(0.5), Duration::zero());
}

TEST(TopTally, KeepsTheHeaviestInBoundedMemory) {
  TopTally<CountTally> tally(64);
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 10; ++i) tally.at("heavy" + std::to_string(i)).count += 100;
    for (int i = 0; i < 100; ++i) {
      ++tally.at("light" + std::to_string(round) + "/" + std::to_string(i)).count;
    }
  }
  EXPECT_LE(tally.size(), 64u);
  EXPECT_TRUE(tally.left_out());
  const auto top = tally.heaviest(10);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(top[static_cast<std::size_t>(i)].first, "heavy" + std::to_string(i));
    EXPECT_EQ(top[static_cast<std::size_t>(i)].second->count, 5000u);
  }
  tally.at(std::string(10'000, 'n')).count = 1'000'000;
  EXPECT_EQ(tally.heaviest(1)[0].first.size(), TopTally<CountTally>::kLongestName);
}

}  // namespace
}  // namespace wirelens
