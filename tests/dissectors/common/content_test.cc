// Content codings: each one, in every cut, on top of each other, broken and as bombs.
#include "common/content.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace wirelens::content {
namespace {

using State = Decoder::State;
using namespace std::string_literals;

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY);
  std::string out(compressBound(text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}
std::string gzip(std::string_view text) {
  return deflated(text, 31);
}
std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}
// "hello, hello, hello, brotli", as the brotli program writes it.
const std::string kBrotli =
    "\x1f\x1a\x00\xf8\x8d\x94\x6e\xde\x44\x09\x52\x86\xd6\x6c\x2c\x69\x6f\xd3\x10\x49\xe4\xa9\x04"
    "\x5c"
    "\x3a\xc7\x43\x8b\x66"s;
// 64 MiB of zeros.
const std::string kBrotliZeros =
    "\xcf\xff\xff\x7f\x00\x24\x00\xe2\xb1\x40\x72\xef\xff\xf9\xff\xff\x0f\x80\x04\x40\x1c\x16\x80"
    "\xee"
    "\xfd\x3f\xff\xff\xff\x01\x90\x00\x88\xc3\x02\xd0\xbd\xff\xe7\xff\xff\x3f\x00\x12\x00\x71\x58"
    "\x00"
    "\xba\xf7\xff\x03"s;

class Sink final : public ContentSink {
 public:
  void content(Bytes bytes, const Stamp&) override { text.append(as_text(bytes)); }
  void missing(std::uint64_t, const Stamp&) override {}
  std::string text;
};

struct Result {
  std::string text;
  State fed = State::going;
  State finished = State::going;
};

Result decode(std::string_view field, std::string_view content, std::size_t slice = 1u << 20) {
  Ledger ledger(64u << 20);
  Result result;
  {
    const auto decoder = Decoder::open(*codings_of(field), ledger);
    Sink sink;
    for (std::size_t at = 0; at < content.size(); at += slice) {
      result.fed = decoder->feed(as_bytes(content.substr(at, slice)), {}, sink);
    }
    result.finished = decoder->finish();
    EXPECT_GE(decoder->decoded(), sink.text.size());
    EXPECT_GT(ledger.used(Charge::carry), 0u);
    result.text = std::move(sink.text);
  }
  EXPECT_EQ(ledger.total(), 0u);
  return result;
}

void expect_in_every_cut(std::string_view field, std::string_view content, std::string_view text) {
  for (std::size_t slice = 1; slice <= content.size(); ++slice) {
    const Result result = decode(field, content, slice);
    ASSERT_EQ(result.text, text) << field << " in slices of " << slice;
    ASSERT_EQ(result.finished, State::going) << field << " in slices of " << slice;
  }
}

TEST(Content, NamesOfCodings) {
  EXPECT_EQ(codings_of("")->count, 0u);
  EXPECT_EQ(codings_of("identity")->count, 0u);
  EXPECT_EQ(codings_of("X-GZIP")->layers[0], Coding::gzip);
  const auto both = codings_of("deflate , br");
  ASSERT_EQ(both->count, 2u);
  EXPECT_EQ(both->layers[0], Coding::deflate);
  EXPECT_EQ(both->layers[1], Coding::brotli);
  EXPECT_FALSE(codings_of("compress"));
  EXPECT_FALSE(codings_of("gzip, gzip, gzip"));
}

TEST(Content, EachCodingInEveryCut) {
  const std::string text = "one line of text, one line of text, and another";
  expect_in_every_cut("gzip", gzip(text), text);
  expect_in_every_cut("deflate", deflated(text, 15), text);
  expect_in_every_cut("deflate", deflated(text, -15), text);
  expect_in_every_cut("zstd", zstd(text), text);
  expect_in_every_cut("br", kBrotli, "hello, hello, hello, brotli");
  expect_in_every_cut("gzip, zstd", zstd(gzip(text)), text);
  expect_in_every_cut("gzip", gzip(""), "");
}

TEST(Content, LargeContentGoesThroughInWindows) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += std::to_string(i * 7919) + "\n";
  EXPECT_EQ(decode("gzip", gzip(text), 1448).text, text);
  EXPECT_EQ(decode("zstd", zstd(text), 1448).text, text);
}

TEST(Content, GzipMembersFollowEachOther) {
  EXPECT_EQ(decode("gzip", gzip("one, ") + gzip("two"), 3).text, "one, two");
  EXPECT_EQ(decode("gzip", gzip("one") + "rubbish").text, "one");
}

TEST(Content, BrokenAndCutShort) {
  EXPECT_EQ(decode("gzip", "plain text, not gzip").fed, State::broken);
  EXPECT_EQ(decode("br", "\xff\xff\xff\xff\xff").fed, State::broken);
  EXPECT_EQ(decode("zstd", "plain text").fed, State::broken);
  std::string damaged = gzip("a text that is long enough to be damaged in the middle of it");
  damaged[damaged.size() - 6] ^= 1;  // its checksum
  EXPECT_EQ(decode("gzip", damaged).fed, State::broken);
  const std::string whole = gzip("a text");
  EXPECT_EQ(decode("gzip", whole.substr(0, whole.size() - 1)).finished, State::broken);
  EXPECT_EQ(decode("zstd", zstd("a text").substr(0, 9)).finished, State::broken);
  EXPECT_EQ(decode("gzip", "").finished, State::going);
}

TEST(Content, BombsAreLeftAlone) {
  const std::string zeros(9u << 20, '\0');
  const std::string once = gzip(zeros);
  // 1,030 times at most: deflate can't do more, and 8 MiB are the other bound.
  EXPECT_NE(decode("gzip", once).fed, State::going);
  EXPECT_EQ(decode("gzip, gzip", gzip(once)).fed, State::bomb);
  EXPECT_EQ(decode("zstd", zstd(zeros)).fed, State::bomb);
  EXPECT_EQ(decode("br", kBrotliZeros).fed, State::bomb);
  EXPECT_LE(decode("br", kBrotliZeros).text.size(), kFreeOutput + 2 * kWindow);
}

TEST(Content, MoreThanTheCapIsNoFault) {
  std::string text;
  unsigned value = 1;
  while (text.size() < kMaxDecoded + 100'000) text += std::to_string(value = value * 1664525u + 1);
  const Result result = decode("gzip", gzip(text), 16'000);
  EXPECT_EQ(result.fed, State::too_large);
  EXPECT_LE(result.text.size(), kMaxDecoded);
}

TEST(Content, NoRoomNoDecoder) {
  Ledger ledger(1000);
  EXPECT_EQ(Decoder::open(*codings_of("gzip"), ledger), nullptr);
  EXPECT_EQ(ledger.total(), 0u);
}

}  // namespace
}  // namespace wirelens::content
