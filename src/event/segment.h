// event/segment.h - the `segment` record: one packet of a connection that somebody watches.
//
// There are none unless a run is asked for those of certain connections (`wirelens follow`, the
// drawings of a report): see flow/segment_watch.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "event/event.h"
#include "event/records.h"

namespace wirelens {

/// One packet, and what the connection made of it. Sequence numbers count from the sender's SYN,
/// which is 0; in midstream the first byte seen is 1.
struct SegmentSeen {
  static constexpr std::string_view kName = "segment";
  static constexpr std::string_view kAbout =
      "One packet of a connection that is followed; other connections have none.";

  struct Range {
    std::int64_t left = 0;
    std::int64_t right = 0;

    static constexpr auto fields() {
      return std::tuple(field("left", &Range::left, "first sequence number"),
                        field("right", &Range::right, "the one behind the last"));
    }
  };
  std::uint64_t packet = 0;
  Direction from = Direction::from_client;
  std::string_view flags;
  std::optional<std::int64_t> seq;
  std::optional<std::int64_t> ack;
  std::uint64_t length = 0;
  std::optional<std::uint64_t> window;
  std::optional<std::span<const Range>> sack;
  std::optional<std::string_view> client_state;
  std::optional<std::string_view> server_state;
  std::optional<std::string_view> verdict;
  std::optional<std::uint64_t> missing;
  std::optional<std::string_view> data;

  static constexpr auto fields() {
    return std::tuple(
        field("packet", &SegmentSeen::packet, "its number"),
        field("from", &SegmentSeen::from, "who sent it"),
        field("flags", &SegmentSeen::flags, "TCP flags, as SYN,ACK"),
        field("seq", &SegmentSeen::seq, "relative sequence number"),
        field("ack", &SegmentSeen::ack, "relative acknowledgment number"),
        field("length", &SegmentSeen::length, "payload"),
        field("window", &SegmentSeen::window, "announced window, scaled where the scale is known"),
        field("sack", &SegmentSeen::sack, "SACK blocks, relative"),
        field("client_state", &SegmentSeen::client_state, "TCP state of the client afterwards"),
        field("server_state", &SegmentSeen::server_state, "TCP state of the server afterwards"),
        field("verdict", &SegmentSeen::verdict,
              "what it is if it is not simply the next one: retransmission, fast_retransmission, "
              "timeout, spurious, out_of_order, capture_duplicate, acked_before_seen, keep_alive, "
              "zero_window_probe, zero_window, duplicate_ack"),
        field("missing", &SegmentSeen::missing,
              "payload that this packet proves to be missing in the capture"),
        field("data", &SegmentSeen::data, "first bytes of the payload, where they are asked for"));
  }
};

}  // namespace wirelens
