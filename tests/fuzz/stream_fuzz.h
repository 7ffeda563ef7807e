// fuzz/stream_fuzz.h - both directions of a stream, sliced, with holes, through one conversation:
// one that begins with a protocol, or is recognised.
//
// Input: operations of two bytes, [what and who][length], and the bytes of those that bring some.
// Looks for over-reads, memory that stays booked or grows past its caps, records without end, and
// work out of proportion to the input.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "base/work.h"
#include "dissect/conversation.h"

namespace wirelens::fuzz {

inline void require(bool condition) {
  if (!condition) std::abort();
}

/// Looks at every text of a record, so that AddressSanitizer sees what a report would read.
class Reader final : public FieldWriter {
 public:
  void boolean(std::string_view, bool) override {}
  void integer(std::string_view, std::int64_t) override {}
  void natural(std::string_view, std::uint64_t) override {}
  void number(std::string_view, double) override {}
  void duration(std::string_view, Duration value) override { require(value >= Duration{}); }
  void time(std::string_view, Timestamp) override {}
  void text(std::string_view, std::string_view value) override {
    for (const char c : value) sum_ = sum_ + static_cast<unsigned char>(c);
  }
  void begin_object(std::string_view) override {}
  void end_object() override {}
  void begin_list(std::string_view) override {}
  void end_list() override {}

 private:
  volatile unsigned sum_ = 0;
};

class World final : public Context {
 public:
  struct Choices {
    bool midstream = false;
    bool decodes = false;  ///< bodies
    bool show_secrets = false;
  };
  /// `secrets` and `shelf` as in DissectSettings.
  explicit World(const Choices& choices, const Secrets* secrets = nullptr, Shelf* shelf = nullptr)
      : midstream_(choices.midstream) {
    settings_.secrets = secrets;
    settings_.shelf = shelf;
    if (choices.decodes) settings_.bodies = 64;
    settings_.show_secrets = choices.show_secrets;
  }

  void flaw(const Flaw& flaw, std::optional<Direction>, std::string_view) override {
    require(!flaw.name.empty());
    ++told;
  }
  void name_server(std::string_view) override {}
  const Stamp& packet() const override { return stamp; }
  std::optional<Duration> handshake() const override { return std::chrono::milliseconds(3); }
  Stamp opened() const override { return stamp; }
  std::uint16_t server_port() const override { return 80; }
  bool midstream() const override { return midstream_; }
  const DissectSettings& settings() const override { return settings_; }
  std::pmr::memory_resource& memory() override { return memory_; }
  Ledger& ledger() override { return ledger_; }

  Stamp stamp;
  std::uint64_t told = 0;

 private:
  void emit(const EventType* type, Timestamp, const void* payload) override {
    type->describe(payload, reader_);
    ++told;
  }

  bool midstream_;
  DissectSettings settings_;
  Ledger ledger_{std::size_t{64} << 20};
  ChargedResource memory_{ledger_, Charge::dissectors, *std::pmr::new_delete_resource()};
  Reader reader_;
};

/// What a dissector may take.
struct Bounds {
  std::uint64_t work_per_slice = 8192;
  std::uint64_t work_per_byte = 256;
  std::uint64_t records_per_byte = 32;
  std::size_t memory = 4u << 20;
  bool held_back = false;  ///< some slices come with the stamp of an earlier packet
};

/// What the conversation begins with, and within which exchange; else it is recognised.
struct Opening {
  std::string_view protocol;
  const Exchange* exchange = nullptr;
};

inline void run(Bytes input, World& world, std::span<const Protocol* const> protocols,
                const Opening& opening, const Bounds& bounds) {
  {
    Conversation conversation(protocols, world.memory());
    if (!opening.protocol.empty()) {
      conversation.begin(world, opening.protocol, opening.exchange);
    }
    std::uint64_t budget = bounds.work_per_slice;
    std::uint64_t bytes = 0;
    const std::uint64_t before = work_done;
    while (input.size() >= 2) {
      const std::uint8_t what = input[0];
      const std::size_t length = input[1];
      input = input.subspan(2);
      const Direction from = (what & 1) != 0 ? Direction::from_server : Direction::from_client;
      const Stamp earlier = world.stamp;
      world.stamp = {world.stamp.packet + 1,
                     world.stamp.time + Duration((what >> 4) * 100'000'000)};
      if ((what & 0x0e) == 0x0e) {
        conversation.gap(world, from, length + 1, world.stamp);
      } else if ((what & 0x0e) == 0x0c && length == 0) {
        conversation.end(world, from, (what & 0x10) != 0, world.stamp);
      } else {
        // A block of its own, so that AddressSanitizer sees where the slice ends.
        const std::size_t size = std::min(length, input.size());
        const auto block = std::make_unique<std::uint8_t[]>(size);
        if (size > 0) std::memcpy(block.get(), input.data(), size);
        const bool waited =
            bounds.held_back && (what & 0x0e) == 0x0a;  // behind a hole, until this packet
        conversation.data(world, from, {block.get(), size}, waited ? earlier : world.stamp);
        input = input.subspan(size);
        bytes += size;
      }
      // Decoded content counts as bytes, too, in the bounds that it has.
      budget += bounds.work_per_slice + bounds.work_per_byte * length;
      if (world.settings().bodies == 0) require(work_done - before <= budget);
      require(world.ledger().total() <= bounds.memory);
    }
    conversation.finish(world, world.stamp);
    require(world.told <= 64 + bounds.records_per_byte * (bytes + world.stamp.packet));
  }
  require(world.ledger().total() == 0);
}
/// One protocol that is recognised. The first byte chooses what a user may.
inline void run(Bytes input, const Protocol& protocol, const Bounds& bounds) {
  if (input.empty()) return;
  const std::uint8_t choice = input[0];
  World world({(choice & 1) != 0, (choice & 2) != 0, (choice & 4) != 0});
  const Protocol* const protocols[] = {&protocol};
  run(input.subspan(1), world, protocols, {}, bounds);
}

}  // namespace wirelens::fuzz
