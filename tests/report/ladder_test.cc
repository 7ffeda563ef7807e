// report/ladder_test.cc - no line is too long at any width, and nothing of the wire acts.
#include "report/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "event/exchange.h"
#include "report/wire_text.h"
#include "support/scratch_file.h"

namespace wirelens {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr Timestamp kStart = timestamp_ns(1'795'208'444'000'000'000);

SegmentSeen segment(std::uint64_t packet, Direction from, std::string_view flags) {
  SegmentSeen seen;
  seen.packet = packet;
  seen.from = from;
  seen.flags = flags;
  seen.seq = 0;
  seen.ack = 1;
  seen.window = 64240;
  seen.client_state = "syn_sent";
  seen.server_state = "listen";
  return seen;
}

class LadderTest : public testing::Test {
 protected:
  /// The ladder of what `tell` writes.
  template <class Tell>
  std::string drawn(unsigned width, Tell tell, bool colour = false) {
    auto output = Output::open(file_.path(), Output::Visible::when_whole);
    LadderReport report(std::move(*output), {.colour = colour, .width = width},
                        {"Connection 3  10.0.0.1:40000 → 10.0.0.2:80"});
    tell(report);
    report.finish();
    std::ifstream in(file_.path());
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  ScratchFile file_{""};
};

void tell(LadderReport& report, const SegmentSeen& seen, Duration after = 0ms) {
  report.write(Event(kStart + after, 3, seen));
}

/// All there is, with text that wants to be more than text.
void tell_everything(LadderReport& report, std::string_view hostile) {
  tell(report, segment(1, Direction::from_client, "SYN"));
  for (const std::string_view verdict :
       {"timeout", "spurious", "out_of_order", "keep_alive", "something_new"}) {
    SegmentSeen again = segment(18'446'744'073'709'551'615u, Direction::from_server, "PSH,ACK,URG");
    const SegmentSeen::Range ranges[] = {{1, 4'000'000'000}, {5'000'000'000, 6'000'000'000}};
    again.verdict = verdict;
    again.seq = 4'000'000'000;
    again.length = 65'535;
    again.sack = ranges;
    again.missing = 1'000'000;
    again.data = hostile;
    RequestSeen request;
    request.method = hostile;
    request.path = hostile;
    report.write(Event(kStart + 1h, 3, request));
    report.write(Event(kStart + 1h, 3, FlawSeen{hostile, "RFC", 7, {}, hostile}));
    tell(report, again, 1h);
  }
}

TEST_F(LadderTest, FitsAtAnyWidth) {
  const std::string hostile =
      "\x1b[31m</script>\x9b\xff\r\n" + std::string(700, 'x') + "\xE2\x80\xAE\xE5\xAD\x97\n";
  for (unsigned width = 40; width <= 200; width += width < 80 ? 1 : 7) {
    const std::string text =
        drawn(width, [&](LadderReport& report) { tell_everything(report, hostile); });
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      // Packet numbers and times beyond any column's width may push a line out, but not their own.
      if (line.find("18446744073709551615") != std::string::npos) continue;
      EXPECT_LE(display_width(line), width) << line;
      EXPECT_EQ(line.find_first_of("\x1b\x9b\xff\r\x7f"), std::string::npos) << line;
    }
  }
}

TEST_F(LadderTest, ArrowsPointToWhoReceives) {
  const std::string text = drawn(100, [](LadderReport& report) {
    tell(report, segment(1, Direction::from_client, "SYN"));
    tell(report, segment(2, Direction::from_server, "SYN,ACK"), 20ms);
  });
  EXPECT_THAT(text, HasSubstr("▶│ listen"));
  EXPECT_THAT(text, HasSubstr("│◀─"));
  EXPECT_THAT(text, HasSubstr("0.020000"));
}

TEST_F(LadderTest, StatesAppearWhenTheyChange) {
  for (const unsigned width : {60u, 100u}) {
    const std::string text = drawn(width, [](LadderReport& report) {
      tell(report, segment(1, Direction::from_client, "SYN"));
      tell(report, segment(2, Direction::from_client, "SYN"));
      SegmentSeen last = segment(3, Direction::from_client, "ACK");
      last.client_state = "established";
      tell(report, last);
    });
    EXPECT_EQ(text.find("syn_sent"), text.rfind("syn_sent"));
    EXPECT_THAT(text, HasSubstr("established"));
  }
}

TEST_F(LadderTest, MessagesFollowTheirPacket) {
  const std::string text = drawn(80, [](LadderReport& report) {
    RequestSeen request;
    request.method = "GET";
    request.host = "shop.test";
    request.path = "/cart";
    report.write(Event(kStart, 3, request));  // told while the packet is being read
    tell(report, segment(4, Direction::from_client, "PSH,ACK"));
  });
  EXPECT_LT(text.find("PSH,ACK"), text.find("GET shop.test/cart"));
}

TEST_F(LadderTest, MarksWhatWentWrong) {
  const std::string text = drawn(100, [](LadderReport& report) {
    tell(report, segment(1, Direction::from_client, "SYN"));
    SegmentSeen again = segment(2, Direction::from_client, "SYN");
    again.verdict = "timeout";
    tell(report, again, 3s);
    SegmentSeen late = segment(9, Direction::from_server, "ACK");
    late.missing = 2920;
    tell(report, late, 3s);
  });
  EXPECT_THAT(text, HasSubstr("resent by timeout"));
  EXPECT_THAT(text, HasSubstr("3.0 s of silence"));
  EXPECT_THAT(text, HasSubstr("2.9 kB not captured"));
}

struct Said {
  static constexpr std::string_view kName = "websocket_message";
  static constexpr std::string_view kAbout = "As the WebSocket dissector tells it.";
  std::string_view from;
  std::string_view opcode;
  std::uint64_t bytes = 0;
  std::string_view preview;
  static constexpr auto fields() {
    return std::tuple(field("from", &Said::from, ""), field("opcode", &Said::opcode, ""),
                      field("bytes", &Said::bytes, ""), field("preview", &Said::preview, ""));
  }
};

TEST_F(LadderTest, MessagesSayWhatMatters) {
  const auto said = [](std::string_view from, std::string_view preview) {
    return Said{from, "text", preview.size(), preview};
  };
  const std::string text = drawn(80, [&](LadderReport& report) {
    report.write(Event(kStart, 3, said("client", "hello")));
    report.write(Event(kStart, 3, said("server", "one two three four five")));
    report.write(Event(kStart, 3, said("client", std::string(300, 'x'))));
    tell(report, segment(4, Direction::from_client, "PSH,ACK"));
  });
  EXPECT_THAT(text, HasSubstr("│ WebSocket text hello           │"));
  EXPECT_THAT(text, HasSubstr("│   WebSocket text one two three │")) << "broken between words";
  EXPECT_THAT(text, HasSubstr("│   four five                    │")) << "one block at the right";
  EXPECT_THAT(text, HasSubstr("xxx… │")) << "cut at its end";
}

TEST_F(LadderTest, WhereRoomIsShortNumbersStayWhole) {
  const std::string text = drawn(40, [](LadderReport& report) {
    SegmentSeen late = segment(11, Direction::from_server, "PSH,ACK");
    late.seq = 10137;
    late.length = 1448;
    tell(report, late);
    late.seq = 1;
    late.length = 0;
    late.verdict = "timeout";
    tell(report, late);
  });
  EXPECT_THAT(text, HasSubstr("◀─── ACK 10137+1448 ──│"));
  EXPECT_THAT(text, HasSubstr(" timeout ACK 1 "));
  EXPECT_THAT(text, HasSubstr("Connection 3  10.0.0.1:40000 →\n  10.0.0.2:80\n"))
      << "the heading is broken between words, not cut";
}

TEST_F(LadderTest, ColoursOnlyWhereWanted) {
  const auto one = [](LadderReport& report) {
    SegmentSeen again = segment(2, Direction::from_client, "SYN");
    again.verdict = "timeout";
    tell(report, again);
  };
  EXPECT_THAT(drawn(100, one), Not(HasSubstr("\x1b")));
  EXPECT_THAT(drawn(100, one, true), HasSubstr("\x1b[31m"));
}

}  // namespace
}  // namespace wirelens
