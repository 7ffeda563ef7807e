// Certificates that were compressed: opened, verified like all others, and bounded.
#include "tls/certificate_compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <nlohmann/json.hpp>
#include <random>

#include "dissect/shelf.h"
#include "support/dissect.h"
#include "support/issuer.h"
#include "support/scratch_file.h"
#include "support/tls_bytes.h"
#include "tls/handshake.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::uint16_t kZlib = 1, kBrotli = 2, kZstd = 3;

std::string zlib(std::string_view text) {
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  EXPECT_EQ(compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                      reinterpret_cast<const Bytef*>(text.data()), text.size(), 9),
            Z_OK);
  out.resize(size);
  return out;
}
std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 9));
  return out;
}
/// RFC 7932 section 9.2: a stream of uncompressed meta-blocks, each of at most 2^16 bytes.
std::string brotli(std::string_view text) {
  std::string out;
  std::uint64_t bits = 0;
  unsigned count = 0;
  const auto put = [&](std::uint64_t value, unsigned width) {
    bits |= value << count;
    for (count += width; count >= 8; count -= 8, bits >>= 8) out += static_cast<char>(bits & 255);
  };
  const auto align = [&] {
    if (count > 0) put(0, 8 - count);
  };
  put(0, 1);  // WBITS: 16
  while (!text.empty()) {
    const std::string_view part = text.substr(0, 65535);
    put(0, 1);                 // not the last
    put(0, 2);                 // four nibbles of length
    put(part.size() - 1, 16);  // MLEN - 1
    put(1, 1);                 // uncompressed
    align();
    out += part;
    text.remove_prefix(part.size());
  }
  put(3, 2);  // the last, and empty
  align();
  return out;
}

std::string message_of(std::uint16_t algorithm, std::size_t size, std::string_view compressed) {
  return number16(algorithm) + number24(size) + list24(compressed);
}

/// A Certificate message of TLS 1.3 (RFC 8446 section 4.4.2).
std::string certificate13(const std::vector<Identity*>& chain) {
  std::string list;
  for (const Identity* each : chain) list += list24(as_text(each->der())) + list16("");
  return list8("") + list24(list);
}

std::optional<std::string> open(std::uint16_t algorithm, std::size_t size, std::string_view bytes) {
  Ledger ledger(64u << 20);
  const auto opened =
      decompress({algorithm, static_cast<std::uint32_t>(size), as_bytes(bytes)}, ledger);
  EXPECT_EQ(ledger.used(Charge::carry), 0u);
  if (!opened) return std::nullopt;
  return std::string(as_text(*opened));
}

TEST(CompressedCertificate, OpensByEachAlgorithm) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "certificate " + std::to_string(i % 97) + ' ';
  EXPECT_EQ(open(kZlib, text.size(), zlib(text)), text);
  EXPECT_EQ(open(kBrotli, text.size(), brotli(text)), text);
  EXPECT_EQ(open(kZstd, text.size(), zstd(text)), text);
  EXPECT_EQ(open(4, text.size(), zlib(text)), std::nullopt);
}

TEST(CompressedCertificate, HasTheSizeThatItAnnounces) {
  const std::string text(1000, 'c');
  for (const auto& [algorithm, bytes] :
       {std::pair(kZlib, zlib(text)), {kBrotli, brotli(text)}, {kZstd, zstd(text)}}) {
    EXPECT_EQ(open(algorithm, 999, bytes), std::nullopt) << algorithm;
    EXPECT_EQ(open(algorithm, 1001, bytes), std::nullopt) << algorithm;
    EXPECT_EQ(open(algorithm, 0, bytes), std::nullopt) << algorithm;
  }
}

TEST(CompressedCertificate, BombIsNotSetOff) {
  const std::string text(32u << 20, '\0');
  for (const std::size_t announced : {kMaxMessage, kMaxMessage + 1, std::size_t{0xffffff}}) {
    EXPECT_EQ(open(kZlib, announced, zlib(text)), std::nullopt);
    EXPECT_EQ(open(kZstd, announced, zstd(text)), std::nullopt);
  }
}

TEST(CompressedCertificate, CutAnywhereIsNothing) {
  const std::string text = "a certificate message, if it were one: " + std::string(100, '.');
  for (const auto& [algorithm, whole] :
       {std::pair(kZlib, zlib(text)), {kBrotli, brotli(text)}, {kZstd, zstd(text)}}) {
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      EXPECT_EQ(open(algorithm, text.size(), whole.substr(0, cut)), std::nullopt)
          << algorithm << " at " << cut;
    }
  }
}

TEST(CompressedCertificate, TakesAnyBytes) {
  std::mt19937 random(7);
  const std::string text(500, 'x');
  for (const auto& [algorithm, whole] :
       {std::pair(kZlib, zlib(text)), {kBrotli, brotli(text)}, {kZstd, zstd(text)}}) {
    for (int i = 0; i < 500; ++i) {
      std::string bytes = whole;
      for (int j = 0; j < 3; ++j) bytes[random() % bytes.size()] = static_cast<char>(random());
      const auto opened = open(algorithm, text.size(), bytes);
      if (opened) {
        EXPECT_EQ(opened->size(), text.size());
      }
    }
  }
}

/// A server's flight of TLS 1.3 as it is behind its protection.
class Flight : public ::testing::Test {
 protected:
  Identity root_ = authority("Root");
  Wish wish_;
  ScratchFile file_{root_.pem()};

  nlohmann::json tell(std::uint16_t algorithm, std::string (*compress)(std::string_view),
                      std::size_t more = 0) {
    Identity leaf = issue(wish_, &root_);
    const std::string inside = certificate13({&leaf});
    Shelf shelf;
    Setting setting;
    setting.dissect.shelf = &shelf;
    setting.dissect.ca_file = file_.path();
    RecordingContext context(setting);
    {
      Handshake handshake(context, Direction::from_client, false);
      const auto say = [&](Direction from, HandshakeType type, const std::string& body) {
        const std::string whole = tls_message(static_cast<std::uint8_t>(type), body);
        const Stamp stamp{1, timestamp_ns(kNewYear * 1'000'000'000)};
        handshake.message(context, from, {type, as_bytes(whole).subspan(4), as_bytes(whole)}, stamp,
                          stamp);
      };
      say(Direction::from_client, HandshakeType::client_hello,
          client_hello({.versions = {0x0304}, .more = {{27, list8(number16(algorithm))}}}));
      say(Direction::from_server, HandshakeType::server_hello, server_hello13());
      say(Direction::from_server, HandshakeType::compressed_certificate,
          message_of(algorithm, inside.size() + more, compress(inside)));
      handshake.tell(context);
    }
    for (const std::string& line : context.lines()) flaws_.push_back(line);
    return nlohmann::json::parse(context.lines().back());
  }
  std::vector<std::string> flaws_;
};

TEST_F(Flight, IsVerifiedLikeAnyOther) {
  for (const auto& [algorithm, compress, name] :
       {std::tuple(kZlib, &zlib, "zlib"), {kBrotli, &brotli, "brotli"}, {kZstd, &zstd, "zstd"}}) {
    const auto record = tell(algorithm, compress);
    EXPECT_EQ(record["certificate_compression"], name);
    EXPECT_EQ(record["certificate_count"], 1);
    EXPECT_EQ(record["certificates"][0]["subject"], "CN=shop.test,O=Wirelens");
    EXPECT_EQ(record["verification"], "ok");
  }
  wish_.not_after = kNewYear - kDay / 2;
  EXPECT_EQ(tell(kZstd, &zstd)["browser_error"], "ERR_CERT_DATE_INVALID");
}

TEST_F(Flight, ThatLiesIsMalformed) {
  const auto record = tell(kZlib, &zlib, 1);
  EXPECT_EQ(record["certificate_compression"], "zlib");
  EXPECT_FALSE(record.contains("certificates"));
  EXPECT_THAT(flaws_, Contains(HasSubstr("tls.malformed_handshake")));
}

}  // namespace
}  // namespace wirelens::tls
