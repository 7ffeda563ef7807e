// bench/counting_context.h - a connection to dissect outside a flow: what it tells is counted, not
// written.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>

#include "dissect/conversation.h"

namespace wirelens {

/// Counts the events of type `Record`.
template <class Record>
class CountingContext final : public Context {
 public:
  explicit CountingContext(std::uint16_t server_port) : server_port_(server_port) {}

  std::uint64_t told = 0;

  void flaw(const Flaw&, std::optional<Direction>, std::string_view) override {}
  void name_server(std::string_view) override {}
  const Stamp& packet() const override { return stamp_; }
  std::optional<Duration> handshake() const override { return std::nullopt; }
  Stamp opened() const override { return stamp_; }
  std::uint16_t server_port() const override { return server_port_; }
  bool midstream() const override { return false; }
  const DissectSettings& settings() const override { return settings_; }
  std::pmr::memory_resource& memory() override { return pool_; }
  Ledger& ledger() override { return ledger_; }

 protected:
  void emit(const EventType* type, Timestamp, const void*) override {
    told += type == &kEventType<Record>;
  }

 private:
  Stamp stamp_{1, {}};
  std::uint16_t server_port_;
  DissectSettings settings_;
  Ledger ledger_{std::size_t{1} << 30};
  std::pmr::unsynchronized_pool_resource pool_;
};

}  // namespace wirelens
