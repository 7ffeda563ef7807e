// Handshakes whose segments come in any order, or twice: the same records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dissect/secrets.h"
#include "dissect/shelf.h"
#include "dissectors/tls/hex.h"
#include "dissectors/tls/rfc8448.h"
#include "dissectors/tls/wire.h"
#include "report/json_writer.h"
#include "support/tls_bytes.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;
using Order = Wire::Order;

/// Records of TLS without what the order of packets changes: numbers and times.
struct Told final : Emitter {
  ConnectionId open() override { return opened++; }
  void close(ConnectionId) override {}
  void emit(const EventType* type, Timestamp time, std::optional<ConnectionId> id,
            const void* payload, const Peers*) override {
    if (!type->name.starts_with("tls") && type->name != "flaw") return;
    writer.clear();
    writer.begin_record(type->name, time, id);
    type->describe(payload, writer);
    writer.end_record();
    auto record = nlohmann::json::parse(writer.view());
    for (const char* field : {"ts", "handshake_time", "packet"}) record.erase(field);
    for (const char* list : {"messages", "alerts"}) {
      if (!record.contains(list)) continue;
      for (auto& each : record[list]) each.erase("packet");
    }
    records.push_back(record.dump());
  }
  ConnectionId opened = 0;
  JsonWriter writer{1u << 16};
  std::vector<std::string> records;
};

std::vector<std::string> play(const std::vector<std::string>& turns, std::size_t most, Order order,
                              std::string_view key_log = {}) {
  auto log = std::make_shared<KeyLog>();
  log->add(key_log);
  const Secrets secrets(log, {}, false);
  Shelf shelf;
  FlowSettings settings;
  if (!key_log.empty()) settings.dissect.secrets = &secrets;
  settings.dissect.shelf = &shelf;
  Told told;
  Wire wire(told, settings);
  for (std::uint32_t i = 0; i < 5; ++i) wire.connect(i, turns, most, order);
  wire.finish();
  EXPECT_GE(told.records.size(), 5u);
  return told.records;
}

void expect_the_same_in_any_order(const std::vector<std::string>& turns,
                                  std::string_view key_log = {}) {
  const auto expected = play(turns, 1448, Order::sent, key_log);
  for (const std::size_t most : {1448u, 536u, 100u, 17u}) {
    for (const Order order : {Order::sent, Order::shuffled, Order::repeated}) {
      EXPECT_EQ(play(turns, most, order, key_log), expected)
          << most << " bytes, order " << static_cast<int>(order);
    }
  }
}

TEST(Reordered, Tls12) {
  expect_the_same_in_any_order({client_hello_record({.alpn = {"h2"}}), server_flight12(),
                                client_flight12(), server_finish12(), tls_opaque(kDataRecord, 400),
                                tls_opaque(kDataRecord, 5000)});
}

TEST(Reordered, Tls13WithoutKeys) {
  expect_the_same_in_any_order(
      {client_hello_record({.versions = {0x0304}, .more = {{51, std::string(2500, 'k')}}}),
       tls_record(kHandshakeRecord, tls_message(2, server_hello13())) + tls_change_cipher_spec() +
           tls_opaque(kDataRecord, 3000),
       tls_change_cipher_spec() + tls_opaque(kDataRecord, 53) + tls_opaque(kDataRecord, 400)});
}

TEST(Reordered, Refusal) {
  expect_the_same_in_any_order({client_hello_record(), tls_alert(2, 40)});
}

TEST(Reordered, Decrypted) {
  const auto& trace = rfc8448::kClientAuthenticated;
  std::vector<std::string> turns;
  Direction last = Direction::from_server;
  for (const auto& step : trace.steps) {
    const auto bytes = unhex(step.hex);
    if (step.from != last) turns.emplace_back();
    turns.back() += as_text(bytes);
    last = step.from;
  }
  expect_the_same_in_any_order(turns, trace.key_log);
}

}  // namespace
}  // namespace wirelens::tls
