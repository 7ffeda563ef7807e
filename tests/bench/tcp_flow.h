// bench/tcp_flow.h - a TCP connection as a tap half-way between its ends sees it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bench/flow.h"

namespace wirelens::bench {

/// What goes wrong, in parts per million: of data segments (loss, reordering, gaps), of all packets
/// (duplicates), of flows (mid-stream starts).
struct Impairments {
  std::uint32_t loss = 0;
  std::uint32_t reordering = 0;
  std::uint32_t duplicates = 0;
  std::uint32_t gaps = 0;
  std::uint32_t midstream = 0;
};

/// What all flows of a workload share.
struct World {
  std::uint64_t seed = 1;
  Truth& truth;
  Impairments impairments = {};
  /// 2 as RFC 5681 asks for; receivers that merge segments before TCP sees them send fewer.
  std::size_t segments_per_ack = 2;
};

/// Speaks for both ends. Data goes out in windows of at most 44 full segments; the next window
/// waits until the last was acknowledged whole. The receiver acknowledges every second segment or
/// so, and each one at once that arrives out of order (RFC 5681 section 4.2). Both ends use
/// timestamps.
class TcpFlow : public Flow {
 public:
  /// `draws` decides sequence numbers, round-trip time and impairments.
  TcpFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start);

 protected:
  static constexpr std::size_t kWindowSegments = 44;

  /// The three segments of the handshake.
  void open();
  /// The connection began before the capture did.
  void open_midstream();
  /// FIN from `first`, FIN from its peer, and the last ACK.
  void close(From first);
  void reset(From from);

  /// Sends `bytes` from `from` and lets them be acknowledged. Segments that lie whole at or behind
  /// `droppable` may be missing from the capture; by default none.
  void send(From from, View bytes, std::size_t droppable = SIZE_MAX);

  std::size_t segment_size() const;
  void wait(std::int64_t nanoseconds) { now_ += nanoseconds; }
  Draws& draws() { return draws_; }
  World& world() { return world_; }
  bool midstream() const { return midstream_; }
  std::int64_t round_trip() const { return round_trip_; }

 private:
  struct Arrival {
    std::int64_t time;
    std::size_t segment;  // index in the window
    bool seen;            // by the tap
    bool arrives;         // at the receiver
  };

  void send_window(From from, View window, std::size_t droppable);
  void plan(View window, std::size_t droppable, From from, std::vector<Arrival>& arrivals);
  void deliver(From from, View window, const std::vector<Arrival>& arrivals);
  /// Stamps the packets with IP ids and TCP timestamps, which follow from their order, and lets the
  /// capture write some of them twice.
  void finish(std::vector<Packet>& batch) override;
  void packet(std::int64_t time, From from, std::uint8_t flags, std::uint32_t sequence,
              std::uint32_t acknowledgment, View payload);

  World world_;
  Draws draws_;
  std::int64_t now_;
  std::int64_t round_trip_;
  bool midstream_ = false;
  std::array<std::uint32_t, 2> next_sequence_;
  std::array<std::uint16_t, 2> ip_id_;
  std::array<std::uint32_t, 2> last_timestamp_{};
  std::vector<Arrival> arrivals_;
};

}  // namespace wirelens::bench
