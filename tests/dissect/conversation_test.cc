// Recognising, feeding, resuming behind holes and handing over, with a protocol made for the
// purpose: records of one length byte and as many bytes; a record "!" hands the stream over to
// "upper", whose records are lines.
#include "dissect/conversation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wirelens {
namespace {

std::vector<std::string> heard;

class FakeContext final : public Context {
 public:
  void flaw(const Flaw& flaw, std::optional<Direction>, std::string_view) override {
    heard.push_back("flaw " + std::string(flaw.name));
  }
  void name_server(std::string_view) override {}
  const Stamp& packet() const override { return stamp_; }
  std::optional<Duration> handshake() const override { return std::nullopt; }
  Stamp opened() const override { return stamp_; }
  std::uint16_t server_port() const override { return 0; }
  bool midstream() const override { return midstream_; }
  const DissectSettings& settings() const override { return settings_; }
  std::pmr::memory_resource& memory() override { return *std::pmr::new_delete_resource(); }
  Ledger& ledger() override { return ledger_; }

  bool midstream_ = false;

 private:
  void emit(const EventType*, Timestamp, const void*) override {}

  Stamp stamp_;
  DissectSettings settings_;
  Ledger ledger_{1u << 20};
};

void hear(const Input& in, std::string_view what, Bytes bytes) {
  heard.push_back((in.from() == Direction::from_client ? "c " : "s ") + std::string(what) + " " +
                  std::string(as_text(bytes)));
}

class Lines final : public Dissector {
 public:
  Dissection read(Context&, Input& in) override {
    while (co_await in.more()) {
      const auto scan = [](Bytes bytes, std::size_t seen) {
        for (std::size_t i = seen; i < bytes.size(); ++i) {
          if (bytes[i] == '\n') return i + 1;
        }
        return std::size_t{0};
      };
      const Token line = co_await in.gather(scan, 16);
      hear(in, line.complete ? "line" : line.too_long ? "long" : "cut", line.bytes);
    }
  }
  Dissection resume(Context& context, Input& in) override { return read(context, in); }
  void finish(Context&) override { heard.push_back("lines finished"); }
};

class Records final : public Dissector {
 public:
  explicit Records(Conversation& conversation) : conversation_(conversation) {}

  Dissection read(Context&, Input& in) override {
    while (co_await in.more()) {
      const auto length = co_await in.take(1);
      if ((*length)[0] == 0) {
        const std::uint64_t passed = co_await in.pass(5);
        heard.push_back("passed " + std::to_string(passed));
        continue;
      }
      const auto body = co_await in.take((*length)[0]);
      if (!body) co_return;
      hear(in, "record", *body);
      if (as_text(*body) == "!") {
        conversation_.hand_over("lines");
        co_return;
      }
      if (as_text(*body) == "hold") {
        const bool released = co_await in.hold();
        heard.push_back(released ? "released" : "not released");
      }
      if (as_text(*body) == "go") conversation_.input(Direction::from_client).release();
    }
  }
  Dissection resume(Context&, Input& in) override {
    heard.push_back("resume");
    co_await in.pass_rest();
  }
  void finish(Context&) override { heard.push_back("records finished"); }

 private:
  Conversation& conversation_;
};

const Protocol kRecords{
    "records",
    Transport::tcp,
    [](Direction, Bytes first) {
      return first.size() < 2 ? Fit::unsure : first[0] <= 8 ? Fit::certain : Fit::no;
    },
    [](Context& context, Conversation& conversation) -> std::unique_ptr<Dissector> {
      return std::unique_ptr<Dissector>(new (context.memory()) Records(conversation));
    },
    {}};
const Protocol kLines{"lines",
                      Transport::tcp,
                      nullptr,
                      [](Context& context, Conversation&) -> std::unique_ptr<Dissector> {
                        return std::unique_ptr<Dissector>(new (context.memory()) Lines);
                      },
                      {}};
const Protocol* const kProtocols[] = {&kRecords, &kLines};

struct Talk {
  FakeContext context;
  Conversation conversation{kProtocols, *std::pmr::new_delete_resource()};
  std::uint64_t packet = 0;

  Talk() { heard.clear(); }
  void say(Direction from, std::string_view text) {
    // A copy that dies with the call: whatever keeps a view into it is found by the sanitizers.
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    conversation.data(context, from, bytes, {++packet, {}});
  }
  void client(std::string_view text) { say(Direction::from_client, text); }
  void server(std::string_view text) { say(Direction::from_server, text); }
  void finish() { conversation.finish(context, {++packet, {}}); }
};
using Heard = std::vector<std::string>;

TEST(Conversation, OneResultInEveryCut) {
  const std::string stream = std::string("\3abc\0xxxxx\2de\1!one\ntwo\n", 23);
  Heard whole;
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second) {
      Talk talk;
      for (const auto& part :
           {stream.substr(0, first), stream.substr(first, second - first), stream.substr(second)}) {
        if (!part.empty()) talk.client(part);
      }
      talk.finish();
      if (whole.empty()) whole = heard;
      ASSERT_EQ(heard, whole) << first << ' ' << second;
    }
  }
  EXPECT_EQ(whole, (Heard{"c record abc", "passed 5", "c record de", "c record !",
                          "records finished", "c line one\n", "c line two\n", "lines finished"}));
}

TEST(Conversation, AHoleInsideAPassIsAbsorbed) {
  Talk talk;
  talk.client(std::string_view("\0xx", 3));
  talk.conversation.gap(talk.context, Direction::from_client, 3, {});
  talk.client("\2ab");
  EXPECT_EQ(heard, (Heard{"passed 5", "c record ab"}));
}

TEST(Conversation, AHoleElsewhereResumesBehindIt) {
  Talk talk;
  talk.client("\3ab");
  talk.conversation.gap(talk.context, Direction::from_client, 3, {});
  talk.client("\2ab");
  EXPECT_EQ(heard, (Heard{"resume"}));
}

TEST(Conversation, AHoleLongerThanThePassResumes) {
  Talk talk;
  talk.client(std::string_view("\0xx", 3));
  talk.conversation.gap(talk.context, Direction::from_client, 4, {});
  EXPECT_EQ(heard, (Heard{"resume"}));
}

TEST(Conversation, HoldKeepsBytesUntilTheOtherSideReleases) {
  Talk talk;
  talk.client("\4hold\2ab");
  talk.client("\2cd");
  talk.server("\2go");
  EXPECT_EQ(heard,
            (Heard{"c record hold", "s record go", "released", "c record ab", "c record cd"}));
}

TEST(Conversation, HoldEndsWhenTooMuchWaits) {
  Talk talk;
  talk.client("\4hold");
  talk.client(std::string(Input::kMaxHeld + 1, '\1'));
  ASSERT_GE(heard.size(), 2u);
  EXPECT_EQ(heard[1], "not released");
}

TEST(Conversation, GatherStopsAtItsCapAndAtTheEnd) {
  Talk talk;
  talk.client("\1!0123456789abcdefgh");
  talk.conversation.end(talk.context, Direction::from_client, true, {});
  EXPECT_EQ(heard,
            (Heard{"c record !", "records finished", "c long 0123456789abcdef", "c cut gh"}));
}

TEST(Conversation, BegunByName) {
  Talk talk;
  Exchange exchange;
  {
    const std::string path = "/dies/with/this/block";
    exchange.path = path;
    talk.conversation.begin(talk.context, "LINES", &exchange);
  }
  talk.client("one\n");
  EXPECT_EQ(heard, Heard{"c line one\n"});
  ASSERT_TRUE(talk.conversation.exchange());
  EXPECT_EQ(talk.conversation.exchange()->path, "/dies/with/this/block");
}

TEST(Conversation, BegunByAnUnknownNameItIsOpaque) {
  Talk talk;
  talk.conversation.begin(talk.context, "nobody speaks this");
  EXPECT_TRUE(talk.conversation.opaque());
}

TEST(Conversation, BegunByWhateverFits) {
  Talk talk;
  talk.conversation.begin(talk.context, Conversation::kWhateverFits);
  talk.client("\2ab");
  EXPECT_EQ(heard, Heard{"c record ab"});
}

TEST(Conversation, UnknownBytesMakeItOpaque) {
  Talk talk;
  talk.server("zzzz");
  EXPECT_FALSE(talk.conversation.opaque());
  talk.client("zzzz");
  EXPECT_TRUE(talk.conversation.opaque());
}

TEST(Conversation, WhatWasRuledOutIsAllThereIsToRemember) {
  constexpr std::uint8_t kFromServer = 2;
  Talk first;
  EXPECT_EQ(first.conversation.ruled_out(), 0);
  first.server("z");
  EXPECT_EQ(first.conversation.ruled_out(), std::nullopt);  // a byte waits for the next
  first.server("zzz");
  EXPECT_EQ(first.conversation.ruled_out(), kFromServer);
  Talk second;
  second.conversation.recall(kFromServer);
  EXPECT_EQ(second.conversation.ruled_out(), kFromServer);
  second.client("zzzz");
  EXPECT_TRUE(second.conversation.opaque());
  Talk third;
  third.conversation.recall(kFromServer);
  third.client("\2ab");
  EXPECT_EQ(heard, (Heard{"c record ab", "resume"}));
  EXPECT_EQ(third.conversation.ruled_out(), std::nullopt);
}

TEST(Conversation, AHoleIsMoreToRemember) {
  Talk talk;
  talk.conversation.gap(talk.context, Direction::from_client, 5, {});
  EXPECT_EQ(talk.conversation.ruled_out(), std::nullopt);
}

TEST(Conversation, InMidstreamLaterSlicesMayBeginAMessage) {
  Talk talk;
  talk.context.midstream_ = true;
  talk.client("zzzz");
  talk.server("zzzz");
  EXPECT_FALSE(talk.conversation.opaque());
  talk.client("\2ab");
  EXPECT_EQ(heard, (Heard{"resume", "resume"}));
}

}  // namespace
}  // namespace wirelens
