// support/conversation.h - a TCP dialogue, segment by segment, and all that the analysis told of
// it.
//
//   Dialogue talk;
//   talk.handshake();
//   talk.say(kClient, {.at = 10, .payload = "second"});   // `at` counts from the end's first byte
//   talk.say(kClient, {.payload = "first     "});
//   EXPECT_EQ(talk.heard(kClient), "first     second");
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ledger.h"
#include "decode/decode.h"
#include "event/records.h"
#include "tcp/connection.h"
#include "tcp/listener.h"

namespace wirelens {

inline constexpr Direction kClient = Direction::from_client;
inline constexpr Direction kServer = Direction::from_server;

struct Segment {
  std::int64_t at = 0;   ///< offset of the payload in the sender's stream; -1 for its SYN
  std::int64_t ack = 0;  ///< offset in the other end's stream; used if the ACK flag is set
  std::string payload = {};
  std::uint8_t flags = TcpHeader::kAck;
  std::uint16_t window = 65535;
  std::uint16_t urgent = 0;
  std::uint16_t id = 0;  ///< 0: the sender's own counter
  std::uint8_t ttl = 64;
  Checksum checksum = Checksum::good;
  TcpOptions options = {};
  std::uint32_t cut = 0;                          ///< so many bytes at the end were not captured
  Duration after = std::chrono::milliseconds(1);  ///< the packet before
};

class Dialogue : public tcp::Listener {
 public:
  explicit Dialogue(std::uint32_t client_isn = 999, std::uint32_t server_isn = 4'999'999);
  ~Dialogue() override;

  tcp::Outcome say(Direction from, Segment segment);
  /// SYN, SYN-ACK, ACK: scale 7, SACK, MSS 1460; with timestamps if `stamped`.
  void handshake(bool stamped = false);
  /// FIN, FIN-ACK, ACK from where the streams stand.
  void close(Direction first = kClient);
  void pass(Duration time);  ///< lets timers fire
  /// Until expire() says that it is over.
  bool over();
  void finish();

  /// Bytes as delivered; a gap of n reads "<n>".
  const std::string& heard(Direction from) const { return heard_[index(from)]; }
  bool ended(Direction from) const { return ended_[index(from)]; }
  bool flawed(std::string_view name) const;
  std::size_t flaws() const { return flaws_.size(); }
  const std::string& detail(std::string_view name) const;
  /// The record as it stands.
  const Connection& record();
  const Sent& sent(Direction from) { return from == kClient ? record().sent : record().received; }
  std::string states() {
    return std::string(*record().client_state) + "/" + std::string(*record().server_state);
  }
  tcp::Connection& connection() { return *connection_; }
  Ledger& ledger() { return ledger_; }
  tcp::Settings& settings() { return settings_; }
  Timestamp now() const { return now_; }
  /// Instead of `heard`: calls back for each delivery.
  std::uint64_t slices = 0;
  bool keep = true;

 private:
  void data(Direction from, Bytes bytes, const Stamp& stamp) override;
  void gap(Direction from, std::uint64_t bytes, const Stamp& stamp) override;
  void end(Direction from, tcp::Ending ending, const Stamp& stamp) override;
  void flaw(const Flaw& flaw, std::optional<Direction> from, std::string_view detail) override;
  tcp::Surroundings around();

  struct Seen {
    std::string name;
    std::string detail;
  };
  Ledger ledger_{std::size_t{1} << 30};
  tcp::Settings settings_;
  std::unique_ptr<tcp::Connection> connection_ = std::make_unique<tcp::Connection>();
  std::array<std::uint32_t, 2> base_;
  std::array<std::uint16_t, 2> ids_{100, 200};
  Timestamp now_ = timestamp_ns(1'700'000'000'000'000'000);
  std::uint64_t packets_ = 0;
  bool finished_ = false;
  std::array<std::string, 2> heard_;
  std::array<bool, 2> ended_{};
  std::vector<Seen> flaws_;
  Connection record_;
  tcp::Connection::Text text_;
};

}  // namespace wirelens
