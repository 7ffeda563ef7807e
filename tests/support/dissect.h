// tests/support/dissect.h - plays both sides of a stream to dissectors, cut in every way, and keeps
// what they write.
//
//   Script script;
//   script.client("GET / HTTP/1.1\r\n\r\n").server("HTTP/1.1 200 OK\r\n...").end();
//   const Records records = play_in_every_cut(script, http1::kProtocol);
//
// Each step is a packet, numbered from 1, ten milliseconds after the one before. However a step is
// cut, its slices are of its packet, so one script has one result.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dissect/conversation.h"
#include "report/json_writer.h"

namespace wirelens::testing {

struct Step {
  enum class What : std::uint8_t { data, gap, end, reset };
  What what = What::data;
  Direction from = Direction::from_client;
  std::string text;
  std::uint64_t lost = 0;                          // bytes of a gap
  Duration pause = std::chrono::milliseconds(10);  // since the step before
};

class Script {
 public:
  Script& client(std::string_view text) { return say(Direction::from_client, text); }
  Script& server(std::string_view text) { return say(Direction::from_server, text); }
  Script& say(Direction from, std::string_view text);
  Script& gap(Direction from, std::uint64_t bytes);
  /// FIN, or RST.
  Script& end(Direction from, bool cleanly = true);
  /// FIN of both.
  Script& end() { return end(Direction::from_client).end(Direction::from_server); }
  /// The next step comes this much later than usual.
  Script& pause(Duration duration);

  const std::vector<Step>& steps() const { return steps_; }
  /// Bytes of all steps.
  std::size_t size() const;

 private:
  Script& add(Step step);

  std::vector<Step> steps_;
  Duration pause_{};
};

/// What a conversation is told about its connection.
struct Setting {
  DissectSettings dissect{};
  bool midstream = false;
  std::optional<Duration> handshake{};
  std::size_t memory = 64u << 20;
};

using Records = std::vector<nlohmann::json>;

/// A Context that keeps every record as JSON: events under their names, flaws as {"type":"flaw"}.
class RecordingContext final : public Context {
 public:
  explicit RecordingContext(const Setting& setting)
      : setting_(setting), ledger_(setting.memory), writer_(1u << 16) {}

  void flaw(const Flaw& flaw, std::optional<Direction> from, std::string_view detail) override;
  void name_server(std::string_view name) override;
  const Stamp& packet() const override { return stamp_; }
  std::optional<Duration> handshake() const override { return setting_.handshake; }
  Stamp opened() const override { return opened_; }
  std::uint16_t server_port() const override { return 80; }
  bool midstream() const override { return setting_.midstream; }
  const DissectSettings& settings() const override { return setting_.dissect; }
  std::pmr::memory_resource& memory() override { return memory_; }
  Ledger& ledger() override { return ledger_; }

  void at(const Stamp& stamp) { stamp_ = stamp; }
  const std::vector<std::string>& lines() const { return lines_; }
  const std::string& server_name() const { return server_name_; }

 private:
  void emit(const EventType* type, Timestamp time, const void* payload) override;

  Setting setting_;
  Ledger ledger_;
  ChargedResource memory_{ledger_, Charge::dissectors, *std::pmr::new_delete_resource()};
  JsonWriter writer_;
  Stamp stamp_;
  Stamp opened_{1, Timestamp{}};
  std::vector<std::string> lines_;
  std::string server_name_;
};

/// Positions in all bytes of a script, before each of which a slice ends.
using Cuts = std::set<std::size_t>;

/// The records' lines; `protocols` as the engine has them. Fails the test if memory stays booked.
std::vector<std::string> play_lines(const Script& script,
                                    std::span<const Protocol* const> protocols,
                                    const Setting& setting = {}, const Cuts& cuts = {});
Records play(const Script& script, std::span<const Protocol* const> protocols,
             const Setting& setting = {});
Records play(const Script& script, const Protocol& protocol, const Setting& setting = {});
/// The same whole, byte by byte, in all cuts of two and (short scripts) three slices, and at
/// random; fails the test where a cut changes the records.
Records play_in_every_cut(const Script& script, std::span<const Protocol* const> protocols,
                          const Setting& setting = {});
Records play_in_every_cut(const Script& script, const Protocol& protocol,
                          const Setting& setting = {});

/// Records of one type, in order.
Records of_type(const Records& records, std::string_view type);
/// Names of the flaws, in order.
std::vector<std::string> flaws(const Records& records);

}  // namespace wirelens::testing
