// flow/segment_watch.cc - reads a packet's meaning from what it changed.
#include "flow/segment_watch.h"

#include <algorithm>

#include "base/bytes.h"

namespace wirelens {
namespace {

std::string flag_names(std::uint8_t flags) {
  constexpr std::pair<std::uint8_t, std::string_view> kNames[] = {
      {TcpHeader::kSyn, "SYN"}, {TcpHeader::kFin, "FIN"}, {TcpHeader::kRst, "RST"},
      {TcpHeader::kPsh, "PSH"}, {TcpHeader::kAck, "ACK"}, {TcpHeader::kUrg, "URG"},
      {TcpHeader::kEce, "ECE"}, {TcpHeader::kCwr, "CWR"}};
  std::string out;
  for (const auto& [flag, name] : kNames) {
    if ((flags & flag) == 0) continue;
    if (!out.empty()) out += ',';
    out += name;
  }
  return out;
}

/// What a sender's counters say of its last packet; the first that changed is the plainest word.
std::optional<std::string_view> verdict_of(const Sent& before, const Sent& after) {
  constexpr std::pair<std::uint64_t Sent::*, std::string_view> kSigns[] = {
      {&Sent::capture_duplicates, "capture_duplicate"},
      {&Sent::spurious, "spurious"},
      {&Sent::fast_retransmits, "fast_retransmission"},
      {&Sent::timeouts, "timeout"},
      {&Sent::retransmitted_packets, "retransmission"},
      {&Sent::out_of_order, "out_of_order"},
      {&Sent::acked_before_seen, "acked_before_seen"},
      {&Sent::zero_window_probes, "zero_window_probe"},
      {&Sent::keep_alives, "keep_alive"},
      {&Sent::zero_windows, "zero_window"},
      {&Sent::duplicate_acks, "duplicate_ack"}};
  for (const auto& [count, name] : kSigns) {
    if (after.*count > before.*count) return name;
  }
  return std::nullopt;
}

}  // namespace

bool SegmentWatch::wants(std::uint64_t first_packet, std::uint64_t packet) const {
  if (watch_.packet) return *watch_.packet == packet;
  const auto& wanted = watch_.first_packets;
  return std::find(wanted.begin(), wanted.end(), first_packet) != wanted.end();
}

std::int64_t SegmentWatch::Counted::at(std::uint32_t sequence, std::int64_t first) {
  const std::int64_t place = known ? relative + static_cast<std::int32_t>(sequence - last) : first;
  if (!known || place > relative) {
    relative = place;
    last = sequence;
  }
  known = true;
  return place;
}

SegmentSeen SegmentWatch::described(Watched& watched, const Packet& packet,
                                    const Decoded& decoded) {
  const TcpHeader& tcp = decoded.tcp;
  SegmentSeen seen;
  seen.packet = packet.number;
  flags_ = flag_names(tcp.flags);
  seen.flags = flags_;
  seen.length = decoded.payload_length;
  seen.seq = watched.of[decoded.from_high].at(tcp.sequence, tcp.has(TcpHeader::kSyn) ? 0 : 1);
  Counted& other = watched.of[!decoded.from_high];
  if (tcp.has(TcpHeader::kAck)) {
    Counted copy = other;  // an ACK tells where the other end began, but moves nothing
    seen.ack = copy.at(tcp.acknowledgment, 1);
    if (!other.known) other = copy;
    const std::size_t blocks = std::min<std::size_t>(tcp.options.sack_blocks, sack_.size());
    for (std::size_t i = 0; i < blocks; ++i) {
      Counted left = other, right = other;
      sack_[i] = {left.at(tcp.options.sack[i].left, 1), right.at(tcp.options.sack[i].right, 1)};
    }
    if (blocks > 0) seen.sack = std::span<const SegmentSeen::Range>(sack_).first(blocks);
  }
  if (watch_.data > 0 && !decoded.payload.empty()) {
    seen.data = as_text(decoded.payload.first(std::min(decoded.payload.size(), watch_.data)));
  }
  return seen;
}

void SegmentWatch::after(const TcpFlow& flow, const FlowOrigin& origin, const Packet& packet,
                         const Decoded& decoded) {
  SegmentSeen seen = described(watched_[origin.first_packet], packet, decoded);
  Connection record;
  tcp::Connection::Text text;
  flow.connection.fill(record, text);
  seen.from = flow.connection.direction_of(decoded);
  const bool by_client = seen.from == Direction::from_client;
  const Sent& self = by_client ? record.sent : record.received;
  const Sent& peer = by_client ? record.received : record.sent;
  seen.verdict = verdict_of(by_client ? before_.sent : before_.received, self);
  std::uint64_t window = decoded.tcp.window;
  if (!decoded.tcp.has(TcpHeader::kSyn) && self.window_scale && peer.window_scale) {
    window <<= *self.window_scale;
  }
  seen.window = window;
  seen.client_state = record.client_state;
  seen.server_state = record.server_state;
  const std::uint64_t missing = record.sent.missing_bytes + record.received.missing_bytes;
  const std::uint64_t missed = before_.sent.missing_bytes + before_.received.missing_bytes;
  if (missing > missed) seen.missing = missing - missed;
  emitter_.emit(&kEventType<SegmentSeen>, packet.time, origin.id, &seen);
}

void SegmentWatch::syn(ConnectionId id, std::uint64_t first_packet, bool again,
                       const Packet& packet, const Decoded& decoded) {
  SegmentSeen seen = described(watched_[first_packet], packet, decoded);
  seen.window = decoded.tcp.window;
  seen.client_state = name_of(tcp::State::syn_sent);
  seen.server_state = name_of(tcp::State::listen);
  if (again) seen.verdict = "timeout";
  emitter_.emit(&kEventType<SegmentSeen>, packet.time, id, &seen);
}

void SegmentWatch::datagram(const UdpFlow& flow, ConnectionId id, const Packet& packet,
                            const Decoded& decoded) {
  SegmentSeen seen;
  seen.packet = packet.number;
  seen.from =
      decoded.from_high == flow.client_is_high ? Direction::from_client : Direction::from_server;
  seen.length = decoded.payload_length;
  if (watch_.data > 0 && !decoded.payload.empty()) {
    seen.data = as_text(decoded.payload.first(std::min(decoded.payload.size(), watch_.data)));
  }
  emitter_.emit(&kEventType<SegmentSeen>, packet.time, id, &seen);
}

}  // namespace wirelens
