// Input: which packet a byte came in, also when bytes of several wait together.
#include "dissect/input.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dissect/dissection.h"

namespace wirelens {
namespace {

Stamp packet(std::uint64_t number) {
  return {number, Timestamp(std::chrono::milliseconds(number))};
}

struct Seen final : ContentSink {
  void content(Bytes bytes, const Stamp& stamp) override {
    for (const std::uint8_t byte : bytes) {
      text.push_back(static_cast<char>(byte));
      text += std::to_string(stamp.packet);
    }
  }
  void missing(std::uint64_t, const Stamp&) override {}
  std::string text;
};

/// Waits for eight bytes, then reads them: two, one by one, and the rest.
Dissection read(Input& in, Seen& seen, std::vector<std::uint64_t>& stamps) {
  co_await in.more(8);
  for (int i = 0; i < 3; ++i) {
    stamps.push_back(in.next_stamp().packet);
    const auto bytes = co_await in.take(i == 0 ? 2 : 1);
    seen.content(*bytes, in.last_stamp());
  }
  co_await in.pass(4, &seen);
  stamps.push_back(in.next_stamp().packet);
}

TEST(Input, BytesKeepTheirPackets) {
  // Eight bytes and one more, cut everywhere into packets; the bytes of a packet cut once more.
  const std::string text = "abcdefghi";
  for (unsigned cuts = 0; cuts < 256; ++cuts) {
    Input in(Direction::from_client, *std::pmr::new_delete_resource());
    Seen seen;
    std::vector<std::uint64_t> stamps;
    Dissection reader = read(in, seen, stamps);
    reader.resume();
    std::uint64_t number = 1;
    std::vector<std::uint64_t> of_byte;
    for (std::size_t i = 0; i < text.size(); ++i) {
      of_byte.push_back(number);
      const std::string byte(1, text[i]);
      in.feed(as_bytes(byte), packet(number));
      if (i < 8 && (cuts >> i & 1) != 0) ++number;
    }
    ASSERT_TRUE(reader.done());
    std::string expected;
    for (std::size_t i = 0; i < 8; ++i) {
      const std::size_t last = i == 0 ? 1 : i;  // a token is of its last byte's packet
      expected += text[i] + std::to_string(of_byte[i < 2 ? last : i]);
    }
    EXPECT_EQ(seen.text, expected) << cuts;
    EXPECT_EQ(stamps[0], of_byte[0]) << cuts;
    EXPECT_EQ(stamps[1], of_byte[2]) << cuts;
    EXPECT_EQ(stamps[2], of_byte[3]) << cuts;
  }
}

/// Waits for `count` bytes, then reads them one by one.
Dissection read_singly(Input& in, std::size_t count, std::vector<std::uint64_t>& packets) {
  co_await in.more(count);
  for (std::size_t i = 0; i < count; ++i) {
    packets.push_back(in.next_stamp().packet);
    co_await in.take(1);
  }
}

TEST(Input, PacketsThatWaitAreKeptApartUpToACap) {
  Input in(Direction::from_client, *std::pmr::new_delete_resource());
  std::vector<std::uint64_t> packets;
  constexpr std::size_t kCount = Input::kMaxMarks + 100;
  Dissection reader = read_singly(in, kCount, packets);
  reader.resume();
  for (std::uint64_t i = 0; i < kCount; ++i) in.feed(as_bytes("x"), packet(i + 1));
  ASSERT_TRUE(reader.done());
  ASSERT_EQ(packets.size(), kCount);
  for (std::size_t i = 0; i <= Input::kMaxMarks; ++i) EXPECT_EQ(packets[i], i + 1);
  EXPECT_EQ(packets[kCount - 2], Input::kMaxMarks + 1) << "taken for the last one's";
  EXPECT_EQ(packets[kCount - 1], kCount) << "the packet that is here now needs no mark";
}

}  // namespace
}  // namespace wirelens
