// HPACK: the examples of RFC 7541 appendix C, decoding from the middle against an encoder, and
// whatever comes against nghttp2.
#include "http2/hpack.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "dissectors/http2/frames.h"
#include "support/nghttp2.h"

namespace wirelens::http2 {
namespace {

using namespace testing;

/// "name: value" of each field, "?" where it is not known.
class Listed final : public FieldSink {
 public:
  void field(std::string_view name, std::string_view value) override {
    fields.push_back(std::string(name) + ": " + std::string(value));
  }
  void unknown() override { fields.emplace_back("?"); }

  std::vector<std::string> fields;
};

std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits.push_back(c);
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<char>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

class Decoding : public ::testing::Test {
 protected:
  std::vector<std::string> decode(std::string_view block) {
    Listed listed;
    good = decoder.decode(as_bytes(block), listed);
    return listed.fields;
  }
  std::vector<std::string> hex(std::string_view block) { return decode(from_hex(block)); }

  HeaderDecoder decoder{*std::pmr::new_delete_resource()};
  bool good = false;
};
using Fields = std::vector<std::string>;

TEST(HpackIntegers, AppendixC1) {
  EXPECT_EQ(read_integer(as_bytes(from_hex("0a")), 5)->value, 10u);
  EXPECT_EQ(read_integer(as_bytes(from_hex("1f9a0a")), 5)->value, 1337u);
  EXPECT_EQ(read_integer(as_bytes(from_hex("1f9a0a")), 5)->length, 3u);
  EXPECT_EQ(read_integer(as_bytes(from_hex("2a")), 8)->value, 42u);
}

TEST(HpackIntegers, AtTheirLimits) {
  EXPECT_FALSE(read_integer({}, 5));
  EXPECT_FALSE(read_integer(as_bytes(from_hex("1f")), 5));
  EXPECT_FALSE(read_integer(as_bytes(from_hex("1f9a")), 5));
  EXPECT_EQ(read_integer(as_bytes(from_hex("1fe0ffffff0f")), 5)->value, 0xffffffffu);
  EXPECT_FALSE(read_integer(as_bytes(from_hex("1fe1ffffff0f")), 5));
  EXPECT_FALSE(read_integer(as_bytes(from_hex("1f8080808080808080808000")), 5));
}

TEST_F(Decoding, AppendixC2) {
  EXPECT_EQ(hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"),
            Fields{"custom-key: custom-header"});
  EXPECT_EQ(hex("040c 2f73 616d 706c 652f 7061 7468"), Fields{":path: /sample/path"});
  EXPECT_EQ(hex("1008 7061 7373 776f 7264 0673 6563 7265 74"), Fields{"password: secret"});
  EXPECT_EQ(hex("82"), Fields{":method: GET"});
}

const Fields kFirst{":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"};
const Fields kSecond{":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com",
                     "cache-control: no-cache"};
const Fields kThird{":method: GET", ":scheme: https", ":path: /index.html",
                    ":authority: www.example.com", "custom-key: custom-value"};

TEST_F(Decoding, AppendixC3) {
  EXPECT_EQ(hex("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d"), kFirst);
  EXPECT_EQ(hex("8286 84be 5808 6e6f 2d63 6163 6865"), kSecond);
  EXPECT_EQ(hex("8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65"),
            kThird);
}

TEST_F(Decoding, AppendixC4) {
  EXPECT_EQ(hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"), kFirst);
  EXPECT_EQ(hex("8286 84be 5886 a8eb 1064 9cbf"), kSecond);
  EXPECT_EQ(hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"), kThird);
}

TEST_F(Decoding, AppendixC5) {  // with a table of 256 bytes
  EXPECT_EQ(hex("3fe101 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230"
                "3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861"
                "6d70 6c65 2e63 6f6d"),
            (Fields{":status: 302", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT",
                    "location: https://www.example.com"}));
  EXPECT_EQ(hex("4803 3330 37c1 c0bf"),
            (Fields{":status: 307", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT",
                    "location: https://www.example.com"}));
  EXPECT_EQ(hex("88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d"
                "54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049"
                "5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e"
                "3d31"),
            (Fields{":status: 200", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:22 GMT",
                    "location: https://www.example.com", "content-encoding: gzip",
                    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"}));
  EXPECT_TRUE(good);
}

TEST_F(Decoding, WhatNobodyInsertedIsAnError) {
  EXPECT_EQ(decode(indexed(2)), Fields{":method: GET"});
  decode(indexed(62));
  EXPECT_FALSE(good);
  EXPECT_TRUE(decoder.lossy());
  // From there on: as in the middle.
  EXPECT_EQ(decode(inserted("a", "1") + indexed(62) + indexed(63)), (Fields{"a: 1", "a: 1", "?"}));
  EXPECT_TRUE(good);
}

TEST_F(Decoding, FromTheMiddle) {
  decoder.lose();
  // Static and literal fields are exact; 62 is from before.
  EXPECT_EQ(decode(indexed(2) + indexed(62) + plain(4, "/x") + plain("x-y", "z")),
            (Fields{":method: GET", "?", ":path: /x", "x-y: z"}));
  // A name from before with a value of now: unknown, and so is the entry.
  EXPECT_EQ(decode(inserted(62, "v") + inserted("k", "w")), (Fields{"?", "k: w"}));
  EXPECT_EQ(decode(indexed(62) + indexed(63) + indexed(64)), (Fields{"k: w", "?", "?"}));
  EXPECT_EQ(decode(inserted(63, "again") + indexed(63)), (Fields{"?", "k: w"}));
  EXPECT_TRUE(good);
}

TEST_F(Decoding, ATableLargerThanWhatIsKept) {
  const std::string megabyte = integer(1u << 20, 5, 0x20);
  EXPECT_EQ(decode(megabyte + inserted("a", "1")), Fields{"a: 1"});
  EXPECT_TRUE(good);
  // A MiB of other entries later it is still there at the peer.
  const std::string filler = inserted("filler", std::string(8000, 'x'));
  for (int i = 0; i < 20; ++i) decode(filler);
  EXPECT_EQ(decode(indexed(62 + 20)), Fields{"?"});
  EXPECT_EQ(decode(indexed(62)).at(0).size(), 8 + 8000u);
  EXPECT_TRUE(good);
}

TEST_F(Decoding, LongValues) {
  const std::string value(70'000, 'x');
  EXPECT_EQ(decode(inserted("a", "1") + plain("long", value)), (Fields{"a: 1", "long: " + value}));
  EXPECT_EQ(decode(indexed(62)), Fields{"a: 1"});
  // Larger than the table: it goes with all that was there, and nothing is wrong with that.
  EXPECT_EQ(decode(inserted("long", value) + inserted("b", "2")),
            (Fields{"long: " + value, "b: 2"}));
  EXPECT_EQ(decode(indexed(62)), Fields{"b: 2"});
  EXPECT_TRUE(good);
  decode(indexed(63));
  EXPECT_FALSE(good);
}

TEST_F(Decoding, NamesOfEntriesThatLeave) {
  // RFC 7541 section 4.4: the entry that lends its name may have to make room.
  const std::string name(200, 'n');
  decode(integer(300, 5, 0x20) + inserted(name, "1"));
  EXPECT_EQ(decode(inserted(62, std::string(50, '2'))), Fields{name + ": " + std::string(50, '2')});
  EXPECT_EQ(decode(indexed(62)), Fields{name + ": " + std::string(50, '2')});
  EXPECT_TRUE(good);
}

/// Two bytes that make an entry with a long name must not be two bytes that copy it.
TEST_F(Decoding, LongNamesAreNotCopiedForNothing) {
  const std::string name(1000, 'n');
  EXPECT_EQ(decode(inserted(name, "1") + indexed(62) + inserted(62, "2")),
            (Fields{name + ": 1", name + ": 1", name + ": 2"}));
  // What was sent is exact; what refers to the entry is unknown, and all others are in place.
  EXPECT_EQ(decode(indexed(62) + indexed(63) + inserted("k", "v")),
            (Fields{"?", name + ": 1", "k: v"}));
  EXPECT_EQ(decode(indexed(62) + indexed(63) + indexed(64)), (Fields{"k: v", "?", name + ": 1"}));
  EXPECT_TRUE(good);
  EXPECT_FALSE(decoder.lossy());
}

TEST_F(Decoding, TableSizesOnlyInFront) {
  EXPECT_EQ(decode(integer(0, 5, 0x20) + integer(100, 5, 0x20) + indexed(2)),
            Fields{":method: GET"});
  EXPECT_TRUE(good);
  decode(indexed(2) + integer(100, 5, 0x20));
  EXPECT_FALSE(good);
}

TEST_F(Decoding, BrokenBlocks) {
  for (const std::string& block : {std::string("\x40"),
                                   std::string("\x40\x05"
                                               "ab"),
                                   std::string("\xff\xff\xff\xff\xff\xff\xff\xff"),
                                   std::string("\x80"), std::string("\x40\x81\x00\x00", 4)}) {
    HeaderDecoder fresh(*std::pmr::new_delete_resource());
    Listed listed;
    EXPECT_FALSE(fresh.decode(as_bytes(block), listed)) << block.size();
    fresh.lose();
    EXPECT_FALSE(fresh.decode(as_bytes(block), listed)) << block.size();
  }
}

/// Sections as a busy connection has them: some fields always, some new, some again.
std::vector<std::vector<std::pair<std::string, std::string>>> sections(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::vector<std::pair<std::string, std::string>>> all;
  for (int i = 0; i < 60; ++i) {
    auto& section = all.emplace_back();
    section.emplace_back(":method", random() % 3 ? "GET" : "POST");
    section.emplace_back(":path", "/item/" + std::to_string(random() % 20));
    section.emplace_back("user-agent", "a rather long name of a program");
    section.emplace_back("x-trace-" + std::to_string(random() % 5), std::to_string(random() % 7));
    section.emplace_back("cookie", "id=" + std::string(random() % 60, 'c'));
    if (random() % 4 == 0) section.emplace_back("x-once", std::to_string(random()));
    if (random() % 9 == 0) section.emplace_back("x-large", std::string(random() % 3000, 'l'));
  }
  return all;
}

/// The blocks of these sections, by nghttp2 with a table of `table` bytes.
std::vector<std::string> blocks_of(const auto& all, std::size_t table) {
  wirelens::testing::Nghttp2Deflater deflater(table);
  std::vector<std::string> blocks;
  for (const auto& section : all) blocks.push_back(deflater.block(section));
  return blocks;
}

TEST(HpackFromTheMiddle, NeverAWrongField) {
  for (const std::size_t table : {256u, 4096u, 16384u, 65536u, 200000u}) {
    const auto all = sections(static_cast<unsigned>(table));
    const std::vector<std::string> blocks = blocks_of(all, table);
    for (std::size_t from = 0; from < blocks.size(); ++from) {
      HeaderDecoder decoder(*std::pmr::new_delete_resource());
      if (from > 0) decoder.lose();
      std::size_t unknown = 0;
      for (std::size_t i = from; i < blocks.size(); ++i) {
        // One block more goes missing on the way.
        if (from % 7 == 3 && i == from + 20) {
          decoder.lose();
          continue;
        }
        Listed listed;
        ASSERT_TRUE(decoder.decode(as_bytes(blocks[i]), listed)) << table << " " << from;
        ASSERT_EQ(listed.fields.size(), all[i].size());
        for (std::size_t k = 0; k < listed.fields.size(); ++k) {
          if (listed.fields[k] == "?") {
            ++unknown;
          } else {
            ASSERT_EQ(listed.fields[k], all[i][k].first + ": " + all[i][k].second);
          }
        }
      }
      if (from == 0) {
        EXPECT_EQ(unknown, 0u) << table;
      }
      // What was missed is relearnt, or leaves the table.
      if (table == 256) {
        EXPECT_LE(unknown, 20u);
      }
    }
  }
}

/// Random blocks, good and bad: the same fields and the same verdict, block after block.
TEST(HpackAgainstNghttp2, NobodyCanTellThemApart) {
  std::mt19937 random(7541);
  std::size_t good = 0, bad = 0;
  for (int connection = 0; connection < 300; ++connection) {
    const std::size_t table = std::array{64u, 300u, 4096u, 65536u}[random() % 4];
    HeaderDecoder decoder(*std::pmr::new_delete_resource());
    wirelens::testing::Nghttp2Inflater inflater(kMaxTable);
    for (std::string block : blocks_of(sections(static_cast<unsigned>(random())), table)) {
      if (random() % 50 == 0) block[random() % block.size()] ^= static_cast<char>(random());
      if (random() % 200 == 0) block.resize(random() % block.size());
      Listed listed, expected;
      const bool fine = inflater.inflate(
          as_bytes(block),
          [&](std::string_view name, std::string_view value) { expected.field(name, value); });
      ASSERT_EQ(decoder.decode(as_bytes(block), listed), fine);
      ++(fine ? good : bad);
      if (!fine) break;
      ASSERT_EQ(listed.fields, expected.fields);
    }
  }
  EXPECT_GT(good, 5000u);
  EXPECT_GT(bad, 100u);
}

}  // namespace
}  // namespace wirelens::http2
