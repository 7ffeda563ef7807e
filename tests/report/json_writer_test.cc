// report/json_writer_test.cc - whatever the wire holds, a record is JSON and gives it back.
#include "report/json_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "report/wire_text.h"

namespace wirelens {
namespace {

using nlohmann::json;

/// The bytes that the escapes of report/wire_text.h stand for.
std::string unescaped(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size();) {
    if (reads_as_escape(std::string_view(text).substr(i))) {
      bytes += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
      i += 4;
    } else {
      bytes += text[i++];
    }
  }
  return bytes;
}

std::string line_of(std::string_view text) {
  JsonWriter writer(64);
  writer.begin_record("test", timestamp_ns(0), std::nullopt);
  writer.text("text", text);
  writer.end_record();
  return std::string(writer.view());
}

template <class Write>
std::string value_of(Write write) {
  JsonWriter writer(16);
  writer.begin_record("t", timestamp_ns(0), std::nullopt);
  const std::size_t before = writer.size();
  write(writer);
  return std::string(writer.view().substr(before));
}

void expect_faithful(const std::string& bytes) {
  const std::string line = line_of(bytes);
  ASSERT_EQ(line.back(), '\n');
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    ASSERT_GE(static_cast<unsigned char>(line[i]), 0x20) << line;
    ASSERT_NE(line[i], 0x7F) << line;
  }
  const json record = json::parse(line);  // throws on bytes that are not UTF-8, too
  ASSERT_EQ(unescaped(record.at("text").get<std::string>()), bytes) << line;
}

TEST(JsonWriter, WritesARecord) {
  JsonWriter writer(16);
  writer.begin_record("http", timestamp_ns(1'000'000'001), 7);
  writer.boolean("complete", true);
  writer.integer("delta", -5);
  writer.natural("bytes", std::numeric_limits<std::uint64_t>::max());
  writer.begin_object("timing");
  writer.end_object();
  writer.begin_list("headers");
  writer.begin_list({});
  writer.text({}, "Host");
  writer.text({}, "a");
  writer.end_list();
  writer.natural({}, 1);
  writer.end_list();
  writer.number("ratio", 0.25);
  writer.end_record();
  EXPECT_EQ(writer.view(),
            "{\"type\":\"http\",\"ts\":\"1970-01-01T00:00:01.000000001Z\",\"conn\":7,"
            "\"complete\":true,\"delta\":-5,\"bytes\":18446744073709551615,\"timing\":{},"
            "\"headers\":[[\"Host\",\"a\"],1],\"ratio\":0.25}\n");
}

enum class Colour : std::uint8_t { red, green };
std::string_view name_of(Colour colour) {
  return colour == Colour::red ? "red" : "green";
}

struct Inner {
  bool known = false;
  std::optional<std::uint16_t> first;
  std::uint32_t second = 0;

  static constexpr auto fields() {
    return std::tuple(field("first", &Inner::first, "one"),
                      field("second", &Inner::second, "two").when(&Inner::known));
  }
};

/// Runs of figures: with a condition, without one, and one that is too short.
struct Figures {
  bool known = true;
  std::uint64_t one = 0;
  std::uint32_t two = 0;
  Duration three{};
  std::uint64_t four = 0;
  std::uint16_t five = 0;
  Duration six{};
  bool end = false;
  std::uint64_t seven = 0;
  std::uint64_t eight = 0;

  static constexpr auto fields() {
    return std::tuple(field("one", &Figures::one, ""), field("two", &Figures::two, ""),
                      field("three", &Figures::three, ""),
                      field("four", &Figures::four, "").when(&Figures::known),
                      field("five", &Figures::five, "").when(&Figures::known),
                      field("six", &Figures::six, "").when(&Figures::known),
                      field("end", &Figures::end, ""), field("seven", &Figures::seven, ""),
                      field("eight", &Figures::eight, ""));
  }
};

/// A member of every type that event/fields.h knows.
struct Everything {
  static constexpr std::string_view kName = "everything";
  static constexpr std::string_view kAbout = "A test.";

  bool yes = true;
  bool no = false;
  std::int64_t integer = -12;
  std::uint64_t natural = 0;
  double number = 0.1;
  double no_number = std::numeric_limits<double>::quiet_NaN();
  Duration duration{1};
  Timestamp time{};
  std::string_view text;
  PlainText plain;
  Colour colour = Colour::green;
  Inner empty;
  Inner full{true, 1, 2};
  Figures figures;
  std::span<const std::uint16_t> none;
  std::span<const std::uint16_t> numbers;
  std::span<const Inner> objects;
  std::span<const std::pair<std::string_view, std::string_view>> pairs;
  Measures measures;
  std::optional<std::string_view> absent;
  std::optional<std::span<const std::string_view>> texts;

  static constexpr auto fields() {
    return std::tuple(
        field("yes", &Everything::yes, ""), field("no", &Everything::no, ""),
        field("integer", &Everything::integer, ""), field("natural", &Everything::natural, ""),
        field("number", &Everything::number, ""), field("no_number", &Everything::no_number, ""),
        field("duration", &Everything::duration, ""), field("time", &Everything::time, ""),
        field("text", &Everything::text, ""), field("plain", &Everything::plain, ""),
        field("colour", &Everything::colour, ""), field("empty", &Everything::empty, ""),
        field("full", &Everything::full, ""), field("figures", &Everything::figures, ""),
        field("none", &Everything::none, ""), field("numbers", &Everything::numbers, ""),
        field("objects", &Everything::objects, ""), field("pairs", &Everything::pairs, ""),
        field("measures", &Everything::measures, ""), field("absent", &Everything::absent, ""),
        field("texts", &Everything::texts, ""));
  }
};

std::string record_of(const Event& event, bool by_calls) {
  JsonWriter writer(16);
  if (by_calls) {
    writer.begin_record(event.type().name, event.time(), event.connection());
    event.describe(writer);
    writer.end_record();
  } else {
    writer.record(event);
  }
  return std::string(writer.view());
}

TEST(JsonWriter, WritesARecordAsItsCallsDo) {
  const std::string text(5000, '"');
  const std::vector<std::uint16_t> numbers(3000, 65535);
  const Inner inners[] = {{}, {true, 3, 4}};
  const std::pair<std::string_view, std::string_view> pairs[] = {{"a", ""}, {text, "b"}};
  const Measure measures[] = {{"none", std::numeric_limits<double>::infinity()}, {"some", -1.5}};
  const std::string_view texts[] = {"", text, "x"};
  Everything everything;
  for (int round = 0; round < 2; ++round) {
    for (const std::optional<ConnectionId> connection : {std::optional<ConnectionId>(), {7}}) {
      const Event event(timestamp_ns(123'456'789), connection, everything);
      const std::string record = record_of(event, false);
      EXPECT_EQ(record, record_of(event, true));
      EXPECT_TRUE(json::accept(record)) << record;
    }
    everything.text = text;
    everything.numbers = numbers;
    everything.objects = inners;
    everything.pairs = pairs;
    everything.measures = measures;
    everything.texts = texts;
  }
}

TEST(JsonWriter, WritesFiguresAsItsCallsDo) {
  std::string word = "a";
  Everything everything;
  Figures& figures = everything.figures;
  for (unsigned round = 0; round < 64; ++round) {
    figures = {.known = round % 2 == 0,
               .one = round / 2 % 2 * 11,
               .three = Duration(round / 4 % 2 * 13),
               .four = round / 8 % 2 * 14,
               .six = Duration(round / 16 % 2 * 16),
               .eight = round / 32 % 2 * 18};
    everything.plain = word += 'b';
    const Event event(timestamp_ns(1), std::nullopt, everything);
    EXPECT_EQ(record_of(event, false), record_of(event, true));
  }
}

TEST(JsonWriter, FindsWhatIsToBeEscapedWhereverItStands) {
  for (std::size_t size = 1; size < 100; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      std::string text(size, 'a');
      text[place] = '"';
      std::string written(size - 1, 'a');
      written.insert(place, "\\\"");
      ASSERT_EQ(value_of([&](JsonWriter& out) { out.text("t", text); }),
                ",\"t\":\"" + written + "\"");
    }
  }
}

TEST(JsonWriter, WritesNumbersOfEveryLength) {
  std::mt19937_64 random(22);
  for (int round = 0; round < 100'000; ++round) {
    const std::uint64_t value = random() >> random() % 64;
    ASSERT_EQ(value_of([&](JsonWriter& out) { out.natural("n", value); }),
              ",\"n\":" + std::to_string(value));
    const auto signed_value = static_cast<std::int64_t>(value);
    ASSERT_EQ(value_of([&](JsonWriter& out) { out.integer("i", signed_value); }),
              ",\"i\":" + std::to_string(signed_value));
    std::string seconds = std::to_string(value % 1'000'000'000);
    seconds = std::to_string(value / 1'000'000'000) + "." + std::string(9 - seconds.size(), '0') +
              seconds;
    seconds.erase(seconds.find_last_not_of('0') + 1);
    if (seconds.back() == '.') seconds.pop_back();
    if (signed_value < 0) continue;
    ASSERT_EQ(value_of([&](JsonWriter& out) { out.duration("d", Duration(signed_value)); }),
              ",\"d\":" + seconds);
  }
}

TEST(JsonWriter, WritesTimesOfEveryDay) {
  std::mt19937_64 random(23);
  JsonWriter writer(16);  // which may remember a day
  for (int round = 0; round < 10'000; ++round) {
    const auto nanoseconds = static_cast<std::int64_t>(random() >> (2 + random() % 8));
    for (const std::int64_t count : {nanoseconds, nanoseconds + 1'000'000'007, -nanoseconds}) {
      writer.clear();
      writer.time("t", timestamp_ns(count));
      ASSERT_EQ(writer.view(), "\"t\":\"" + to_rfc3339(timestamp_ns(count)) + "\"");
    }
  }
}

TEST(JsonWriter, ClearBeginsAnew) {
  JsonWriter writer(16);
  writer.begin_record("a", timestamp_ns(0), std::nullopt);
  writer.end_record();
  const std::string first(writer.view());
  writer.clear();
  EXPECT_EQ(writer.size(), 0u);
  writer.begin_record("a", timestamp_ns(0), std::nullopt);
  writer.end_record();
  EXPECT_EQ(writer.view(), first);
}

TEST(JsonWriter, SecondsAreExactDecimals) {
  const auto seconds_text = [](std::int64_t nanoseconds) {
    return value_of([&](JsonWriter& out) { out.duration("d", Duration(nanoseconds)); });
  };
  EXPECT_EQ(seconds_text(0), ",\"d\":0");
  EXPECT_EQ(seconds_text(123'000), ",\"d\":0.000123");
  EXPECT_EQ(seconds_text(1), ",\"d\":0.000000001");
  EXPECT_EQ(seconds_text(16'700'000'000), ",\"d\":16.7");
  EXPECT_EQ(seconds_text(60'000'000'000), ",\"d\":60");
  EXPECT_EQ(seconds_text(-1'500'000'000), ",\"d\":-1.5");
  EXPECT_EQ(seconds_text(100'000'000), ",\"d\":0.1");
  EXPECT_EQ(seconds_text(std::numeric_limits<std::int64_t>::min()), ",\"d\":-9223372036.854775808");
}

TEST(JsonWriter, LeavesOutWhatIsNoNumber) {
  EXPECT_EQ(value_of([](JsonWriter& out) {
              out.number("a", std::numeric_limits<double>::quiet_NaN());
              out.number("b", std::numeric_limits<double>::infinity());
            }),
            "");
}

TEST(JsonWriter, EscapesByTheRule) {
  const auto text = [](std::string_view bytes) {
    return value_of([&](JsonWriter& out) { out.text("t", bytes); });
  };
  EXPECT_EQ(text("a\"b\\c/d"), ",\"t\":\"a\\\"b\\\\c/d\"");
  EXPECT_EQ(text("\x1b[31m\n"), ",\"t\":\"\\u001b[31m\\u000a\"");
  EXPECT_EQ(text("\x7f"), ",\"t\":\"\\u007f\"");
  EXPECT_EQ(text("\xff"), ",\"t\":\"\\\\xff\"");
  EXPECT_EQ(text("\\xff"), ",\"t\":\"\\\\x5cxff\"");
  EXPECT_EQ(text("\\xf"), ",\"t\":\"\\\\xf\"");
  EXPECT_EQ(text("é€😀"), ",\"t\":\"é€😀\"");
  EXPECT_EQ(text("\xc2\x9b"), ",\"t\":\"\\u009b\"");                         // C1: CSI
  EXPECT_EQ(text("\xe2\x80\xae\xe2\x81\xa6"), ",\"t\":\"\\u202e\\u2066\"");  // bidi
  EXPECT_EQ(text("\xf3\xa0\x80\x81"), ",\"t\":\"\\udb40\\udc01\"");          // a tag character
  EXPECT_EQ(text("\xed\xa0\x80"), ",\"t\":\"\\\\xed\\\\xa0\\\\x80\"");       // a surrogate
  EXPECT_EQ(text("\xc0\xaf"), ",\"t\":\"\\\\xc0\\\\xaf\"");                  // overlong
  EXPECT_EQ(text("\xe2\x82"), ",\"t\":\"\\\\xe2\\\\x82\"");                  // cut short
}

TEST(JsonWriter, GivesEveryByteBack) {
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  expect_faithful(every);
  for (int i = 0; i < 256; ++i) {
    for (std::size_t before = 0; before < 18; ++before) {
      expect_faithful(std::string(before, 'a') + static_cast<char>(i) + "bcd");
    }
  }
}

TEST(JsonWriter, GivesRandomBytesBack) {
  std::mt19937 random(20);
  const std::string_view pieces[] = {"\\",  "x",    "\\x41",    "\xff",     "é", "\xe2\x80\xae",
                                     "abc", "\"\"", "\xf0\x9f", "\xc2\x85", "0", "f"};
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (auto left = random() % 24; left > 0; --left) {
      if (random() % 2 == 0) {
        bytes += static_cast<char>(random() & 0xFF);
      } else {
        bytes += pieces[random() % std::size(pieces)];
      }
    }
    expect_faithful(bytes);
    if (HasFatalFailure()) return;
  }
}

TEST(JsonWriter, GrowsForLongText) {
  std::string bytes(1'000'000, '\x01');
  bytes += std::string(1'000'000, 'a');
  expect_faithful(bytes);
}

TEST(WireText, TerminalTextHoldsNothingThatActs) {
  std::mt19937 random(21);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (auto left = random() % 24; left > 0; --left) {
      if (random() % 4 == 0) bytes += "\xe2\x80";
      bytes += static_cast<char>(random() & 0xFF);
    }
    const std::string shown = printable(bytes);
    std::string_view rest = shown;
    for (; !rest.empty(); rest.remove_prefix(first_scalar(rest).length)) {
      ASSERT_TRUE(first_scalar(rest).valid);
      ASSERT_FALSE(acts(first_scalar(rest).value));
    }
    for (std::size_t columns = 1; columns < 12; ++columns) {
      ASSERT_LE(display_width(cut_middle(shown, columns)), columns);
    }
  }
}

TEST(WireText, CutsInTheMiddle) {
  EXPECT_EQ(cut_middle("/a/very/long/path.html", 11), "/a/ve….html");
  EXPECT_EQ(cut_middle("short", 5), "short");
  EXPECT_EQ(cut_middle("shorter", 1), "…");
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\xcc\x81"), 1u);
  EXPECT_EQ(cut_middle("日本語テキスト", 8), "日本…ト");
  EXPECT_EQ(printable("a\x1b]0;x\x07\xff\xe2\x80\xaeé"), "a\\x1b]0;x\\x07\\xff\\u{202e}é");
}

}  // namespace
}  // namespace wirelens
