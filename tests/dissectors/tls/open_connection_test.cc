// What a TLS connection costs while it is open and nobody has its keys: the whole of it, from the
// flow's record and its place in the table to the names that were seen.
#include <gtest/gtest.h>
#include <malloc.h>

#include <string>

#include "dissectors/tls/wire.h"
#include "support/tls_bytes.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;

constexpr std::size_t kMost = 640;
constexpr std::uint32_t kConnections = 20'000;

struct Told final : Emitter {
  ConnectionId open() override { return opened++; }
  void close(ConnectionId) override {}
  void emit(const EventType* type, Timestamp, std::optional<ConnectionId>, const void*,
            const Peers*) override {
    handshakes += type->name == "tls";
  }
  ConnectionId opened = 0;
  std::uint32_t handshakes = 0;
};

std::size_t heap() {
  return mallinfo2().uordblks;
}

void expect_cheap(const std::vector<std::string>& turns) {
  constexpr std::uint32_t kBefore = 500;  // pools and tables have grown
  Told told;
  Wire wire(told, {});
  for (std::uint32_t i = 0; i < kBefore; ++i) wire.connect(i, turns);
  const std::size_t booked = wire.ledger().total(), before = heap();
  for (std::uint32_t i = kBefore; i < kBefore + kConnections; ++i) wire.connect(i, turns);
  EXPECT_EQ(told.handshakes, kBefore + kConnections);
  const std::size_t each_booked = (wire.ledger().total() - booked) / kConnections;
  const std::size_t each = (heap() - before) / kConnections;
  ::testing::Test::RecordProperty("bytes", static_cast<int>(each));
  EXPECT_LE(each_booked, kMost);
  EXPECT_LE(each, kMost);  // 0 under a sanitizer, which has its own heap
}

TEST(OpenConnection, OfTls12CostsLittle) {
  expect_cheap({client_hello_record({.server_name = "a-server-of-some-name.shop.test"}),
                server_flight12(), client_flight12(), server_finish12(),
                tls_opaque(kDataRecord, 400), tls_opaque(kDataRecord, 9000)});
}

TEST(OpenConnection, OfTls13CostsLittle) {
  expect_cheap(
      {client_hello_record({.session_id = std::string(32, 'i'),
                            .server_name = "a-server-of-some-name.shop.test",
                            .versions = {0x0304, 0x0303},
                            .more = {{51, std::string(1250, 'k')}}}),
       tls_record(kHandshakeRecord, tls_message(2, server_hello13())) + tls_change_cipher_spec() +
           tls_opaque(kDataRecord, 3000),
       tls_change_cipher_spec() + tls_opaque(kDataRecord, 53) + tls_opaque(kDataRecord, 400),
       tls_opaque(kDataRecord, 9000)});
}

}  // namespace
}  // namespace wirelens::tls
