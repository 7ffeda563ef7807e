// What a TLS connection costs while it is open and nobody has its keys: the flow's record, its
// place in the table, what dissectors keep, and the names that were seen.
#include <gtest/gtest.h>

#include <string>

#include "dissectors/tls/wire.h"
#include "support/tls_bytes.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;

constexpr std::size_t kMost = 640;
const std::string kName = "a-server-of-some-name.shop.test";
/// Beside what the ledger counts: names in blocks of their own, each with malloc's 16 bytes.
const std::size_t kNotes =
    sizeof(FlowNotes) + 16 + kName.size() + 1 + 16 + sizeof(std::string_view) + 16;

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

void expect_cheap(const std::vector<std::string>& turns) {
  constexpr std::uint32_t kBefore = 100, kConnections = 2000;
  // What TCP remembers of the last segments goes when a connection is quiet.
  constexpr auto kQuiet = std::chrono::seconds(60);
  Told told;
  Wire wire(told, {});
  for (std::uint32_t i = 0; i < kBefore; ++i) wire.connect(i, turns);
  wire.pass(kQuiet);
  const std::size_t before = wire.ledger().total();
  for (std::uint32_t i = kBefore; i < kBefore + kConnections; ++i) wire.connect(i, turns);
  wire.pass(kQuiet);
  EXPECT_EQ(told.handshakes, kBefore + kConnections);
  const std::size_t each = (wire.ledger().total() - before) / kConnections + kNotes;
  ::testing::Test::RecordProperty("bytes", static_cast<int>(each));
  EXPECT_LE(each, kMost);
  wire.finish();
}

TEST(OpenConnection, OfTls12CostsLittle) {
  expect_cheap({client_hello_record({.server_name = kName}), server_flight12(), client_flight12(),
                server_finish12(), tls_opaque(kDataRecord, 400), tls_opaque(kDataRecord, 9000)});
}

TEST(OpenConnection, OfTls13CostsLittle) {
  expect_cheap(
      {client_hello_record({.session_id = std::string(32, 'i'),
                            .server_name = kName,
                            .versions = {0x0304, 0x0303},
                            .more = {{51, std::string(1250, 'k')}}}),
       tls_record(kHandshakeRecord, tls_message(2, server_hello13())) + tls_change_cipher_spec() +
           tls_opaque(kDataRecord, 3000),
       tls_change_cipher_spec() + tls_opaque(kDataRecord, 53) + tls_opaque(kDataRecord, 400),
       tls_opaque(kDataRecord, 9000)});
}

}  // namespace
}  // namespace wirelens::tls
